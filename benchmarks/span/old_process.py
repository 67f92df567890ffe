"""The old design beside Babelcast: a process with the environment of `audio_processor`, and so with its services.

Reads one line of JSON, `Job`, prints each message of its middle listener of the first language as a line of JSON, and
at the end what it has done. Whoever starts it is told by a first line, `ready`, that it waits.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path

import msgspec

from babelcast.adapters.polly import PollySynthesizer
from babelcast.adapters.s3 import S3Clips
from babelcast.adapters.transcribe import TranscribeTranscriber
from babelcast.adapters.translate import TranslateTranslator
from babelcast.settings import AudioProcessorSettings, read_settings
from benchmarks.span.old_design import OldDesign, Told, session_of
from local.process import end_with_parent
from tests.in_memory import CountingMeter


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done.

    Attributes:
        pcm: File with the talk, mono s16le at 16 000 Hz.
        first_sample_at: When it begins, seconds of the machine's monotonic clock.
        listened: What is listened to; the first one's messages are printed.
        offered, listeners: See `session_of`.
    """

    pcm: str
    first_sample_at: float
    listened: tuple[str, ...]
    offered: int
    listeners: int


def _print(line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


async def _run(job: Job, design: OldDesign) -> None:
    pcm = await asyncio.to_thread(Path(job.pcm).read_bytes)
    await design.run(pcm)
    _print({"counts": asdict(design.counts)})


def main() -> int:
    """Do the job that is read from standard input."""
    end_with_parent()
    settings = read_settings(AudioProcessorSettings, os.environ)
    meter = CountingMeter()
    translator, synthesizer = TranslateTranslator(meter), PollySynthesizer(meter)
    clips = S3Clips(settings.s3_bucket_name, url_expiration_s=settings.presigned_url_expiration)
    transcriber = TranscribeTranscriber(
        region=os.environ["AWS_REGION"], endpoint_url=settings.aws_endpoint_url_transcribe_streaming
    )
    _print("ready")
    job = msgspec.json.decode(sys.stdin.readline(), type=Job)

    def tell(told: Told) -> None:
        if told.language == job.listened[0]:
            _print(asdict(told))

    design = OldDesign(
        session_of(job.listened, offered=job.offered, listeners=job.listeners),
        transcriber=transcriber,
        translator=translator,
        synthesizer=synthesizer,
        clips=clips,
        tell=tell,
        now_s=lambda: time.monotonic() - job.first_sample_at,
    )
    asyncio.run(_run(job, design))
    return 0


if __name__ == "__main__":
    sys.exit(main())
