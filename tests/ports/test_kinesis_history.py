"""Reading the stream again stays within the shard's quota, and a throttled read is tried again."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from moto.core.exceptions import JsonRESTError
from moto.kinesis.models import KinesisBackend

from babelcast.adapters.kinesis import KinesisAudioHistory, KinesisAudioStream
from babelcast.domain.audio import AudioChunk
from babelcast.domain.errors import RateLimitedError
from babelcast.domain.session import SessionId
from tests import aws

SESSION_ID = SessionId("joyful-hope-911")


class Shard:
    """The stream's reads as they come, the next of them throttled."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.throttled = 0
        self.reads = 0
        get_records = KinesisBackend.get_records

        def read(backend: KinesisBackend, *arguments: Any, **named: Any) -> Any:
            self.reads += 1
            if self.throttled:
                self.throttled -= 1
                raise JsonRESTError("ProvisionedThroughputExceededException", "slow down")
            return get_records(backend, *arguments, **named)

        monkeypatch.setattr(KinesisBackend, "get_records", read)


@pytest.fixture
def shard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shard]:
    with aws.aws(monkeypatch):
        yield Shard(monkeypatch)


async def fill() -> str:
    stream = KinesisAudioStream([aws.STREAM])
    for index in range(3):
        chunk = AudioChunk(chunk_index=index, sample_offset=index * 4000, captured_at_ms=1, pcm=bytes(8000))
        await stream.append(SESSION_ID, 0, chunk)
    return str(aws.stream_records()[0]["SequenceNumber"])


async def read_all(history: KinesisAudioHistory, start: str) -> int:
    return len([each async for each in history.read(SESSION_ID, start=start, before="9" * 60)])


async def test_a_throttled_read_is_tried_again(shard: Shard) -> None:
    start = await fill()
    shard.throttled = 1
    assert await read_all(KinesisAudioHistory(aws.STREAM, read_interval_s=0.0), start) == 3


async def test_a_shard_that_stays_busy_is_reported_as_retryable(shard: Shard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("babelcast.adapters.kinesis._THROTTLED_PAUSES_S", (0.01,))
    start = await fill()
    shard.throttled = 100
    with pytest.raises(RateLimitedError):
        await read_all(KinesisAudioHistory(aws.STREAM, read_interval_s=0.0), start)


async def test_sessions_that_start_anew_at_once_take_turns(shard: Shard) -> None:
    start = await fill()
    history = KinesisAudioHistory(aws.STREAM, read_interval_s=0.05)
    loop = asyncio.get_running_loop()
    began = loop.time()
    before = shard.reads
    assert await asyncio.gather(*(read_all(history, start) for _ in range(5))) == [3] * 5
    reads = shard.reads - before
    assert reads >= 5
    assert loop.time() - began >= 0.05 * (reads - 1)
