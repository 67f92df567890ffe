"""Play minutes without speech into sessions of one stack, then say a sentence in each, and see what becomes of both."""

import asyncio
import random
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from benchmarks.quiet.programmes import Kind, compose
from benchmarks.quiet.report import EngineReport, SessionReport
from local.broadcasting import unless_failing
from local.client.clips import ClipDownloader
from local.client.http_api import HttpApi
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.messages import ServerMessage, Transcription
from local.client.record import ListenerRecord
from local.client.speaker import Speaker
from local.engines.speech import BYTES_PER_SAMPLE
from local.engines.tone_alphabet import WORDS, tone_speech
from local.stack import Engine, Stack, StackOptions
from local.wav import SAMPLE_RATE_HZ
from scripts.make_samples import SAMPLES, read_sentences, room_noise, synthesise

LANGUAGE: Final = "es"
"""The listener's."""
PAUSE_SECONDS: Final = 4.0
"""After the sound; what was made of it arrives meanwhile."""
_LAST_SECONDS: Final = 1.5
_WORDS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietPlan:
    """What is to be played.

    Attributes:
        seconds: Of each kind.
        pace: Times real time.
        assembly_dir: The stage's synthesized cloud assembly.
        directory: Receives the stacks' logs.
    """

    seconds: float
    seed: int
    pace: float
    assembly_dir: Path
    directory: Path


@dataclass(slots=True, kw_only=True)
class _Session:
    """A session to be held, and what the listener was shown before the sentence.

    Attributes:
        sound: Without speech, with a pause behind it.
        speech: The sentence with a pause behind it.
        is_over: The sound is.
    """

    kind: Kind
    sound: bytes
    sentence: str
    speech: bytes
    captions: list[str] = field(default_factory=list)
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def speech_start_ms(self) -> float:
        """Where the sentence begins, since the session's first sample."""
        return len(self.sound) / BYTES_PER_SAMPLE / SAMPLE_RATE_HZ * 1000

    def note(self, message: ServerMessage) -> None:
        """Take a message to the listener."""
        if isinstance(message, Transcription) and not self.is_over.is_set():
            self.captions.append(message.text)


async def play(plan: QuietPlan, engine: Engine) -> EngineReport:
    """All kinds side by side through a stack with this engine.

    Raises:
        FileNotFoundError: flite is not installed.
        UserError: The stack did not start or one of its processes died, or a session broke.
    """
    sessions = [await asyncio.to_thread(_compose, plan, engine, kind) for kind in Kind]
    options = StackOptions(state_dir=plan.directory / engine / "state", assembly_dir=plan.assembly_dir, engine=engine)
    print(f"{engine}: {plan.seconds:.0f} s of each of {', '.join(Kind)}", file=sys.stderr)
    async with AsyncExitStack() as exits:
        stack = await exits.enter_async_context(Stack(options))
        http = await exits.enter_async_context(aiohttp.ClientSession())
        records, before = await unless_failing(_hold_all(stack, http, sessions, plan.pace), stack.wait())
        after = await _counters(stack, http)
    reports = [_report(session, record, plan.seconds) for session, record in zip(sessions, records, strict=True)]
    return EngineReport(engine=engine, sessions=tuple(reports), before_speech=before, in_all=after)


def _compose(plan: QuietPlan, engine: Engine, kind: Kind) -> _Session:
    """The sound, a pause, a sentence that is another one for each kind, and a pause."""
    if engine is Engine.TONES:
        words = random.Random(f"{plan.seed} {kind}").sample(WORDS, _WORDS)
        sentence, speech = " ".join(words), tone_speech([words], pause_s=0)
    else:
        sentence = read_sentences(SAMPLES / "speech-en.txt")[list(Kind).index(kind)]
        speech = synthesise(sentence, "slt").tobytes()
    chance = random.Random(plan.seed)
    return _Session(
        kind=kind,
        sound=compose(kind, plan.seconds, seed=plan.seed).pcm + room_noise(PAUSE_SECONDS, chance).tobytes(),
        sentence=sentence,
        speech=speech + room_noise(_LAST_SECONDS, chance).tobytes(),
    )


async def _hold_all(
    stack: Stack, http: aiohttp.ClientSession, sessions: Sequence[_Session], pace: float
) -> tuple[list[ListenerRecord], dict[str, dict[str, int]]]:
    """All sessions; what the services had done when the sounds were over, and no sentence had begun."""
    is_counted = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        holding = [tasks.create_task(_hold(stack, http, session, pace, is_counted)) for session in sessions]
        for session in sessions:
            await session.is_over.wait()
        before = await _counters(stack, http)
        is_counted.set()
    return [each.result() for each in holding], before


async def _hold(
    stack: Stack, http: aiohttp.ClientSession, session: _Session, pace: float, is_counted: asyncio.Event
) -> ListenerRecord:
    """One session from its creation to its end."""
    login = SpeakerLogin(stack.endpoints)
    async with HttpApi(stack.endpoints.http_api_url) as api:
        created = await api.create_session(
            await login.access_token(), source_language="en", target_languages=(LANGUAGE,)
        )
    url, session_id = stack.endpoints.websocket_url, created.session_id
    async with (
        Listener(
            websocket_url=url,
            session_id=session_id,
            language=LANGUAGE,
            downloader=ClipDownloader(http),
            on_message=session.note,
        ) as listener,
        Speaker(websocket_url=url, session_id=session_id, token=login.access_token) as speaker,
    ):
        await speaker.speak(session.sound, pace=pace)
        session.is_over.set()
        await is_counted.wait()
        await speaker.speak(session.speech, pace=pace)
        await speaker.end_session()
        await listener.wait_ended()
        return listener.record()


async def _counters(stack: Stack, http: aiohttp.ClientSession) -> dict[str, dict[str, int]]:
    async with http.get(f"{stack.services_control_url}/counters") as response:
        response.raise_for_status()
        counters: dict[str, dict[str, int]] = await response.json()
        return counters


def _report(session: _Session, record: ListenerRecord, seconds: float) -> SessionReport:
    border_ms = session.speech_start_ms - PAUSE_SECONDS * 500
    made = [segment for segment in record.segments if segment.spoken_start_ms < border_ms]
    spoken = [segment for segment in record.segments if segment.spoken_start_ms >= border_ms]
    return SessionReport(
        kind=session.kind,
        seconds=seconds,
        segments=len(made),
        captions=len(session.captions),
        heard=(*(segment.source_text for segment in made), *session.captions),
        sentence=session.sentence,
        sentence_heard=" ".join(segment.source_text for segment in spoken),
        sentence_segments=len(spoken),
    )
