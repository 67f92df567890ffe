"""The product's units of work, each with the function that does it."""

import asyncio
import random
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

import audio_processor.handler
import authorizer.handler
import connection_handler.handler
from babelcast import wiring
from babelcast.domain.audio import BYTES_PER_SAMPLE, AudioChunk
from babelcast.domain.languages import Language, LanguageCode, language
from babelcast.domain.segment import Segment, SourceSegment
from babelcast.domain.session import Session
from babelcast.ports import TranscriptionStream
from babelcast.protocol.audio_record import encode_record
from benchmarks.load.speech import CHUNK_S, CHUNK_SAMPLES, make_programme
from benchmarks.unit_costs.events import authorizer_event, kinesis_event, websocket_event
from benchmarks.unit_costs.measured import Cost, Prepare, Work, difference, repeat
from benchmarks.unit_costs.room import (
    LANGUAGES,
    TEXT,
    clip_notice,
    hall,
    new_connection,
    new_session,
    now_ms,
    store,
)

_handle: Final = connection_handler.handler.lambda_handler
_CHUNKS: Final = 60
_AUDIO_S: Final = 2.0
_SEGMENTS: Final = 2
_POLLY_INTERVAL_S: Final = 0.15
"""Source: `babelcast.usecases.speak_in_time`, eight neural clips a second."""
_LISTENERS: Final = 200
"""As many as one function posts to."""
_NOTICES: Final = 2
_JOINS: Final = 10
_IDLE_S: Final = 0.5
_STREAMS: Final = 10
_READS: Final = 4
_SPOKEN_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A kind of work.

    Attributes:
        functions: Whose environment it needs; the first one does the work.
        measure: Gives the cost of each key, with so many repeats.
    """

    functions: tuple[str, ...]
    measure: Callable[[int, int], Mapping[str, Cost]]


def _chunk(repeats: int, seed: int) -> Mapping[str, Cost]:
    programme = make_programme(_SPOKEN_S, random.Random(seed))

    def prepare() -> Work:
        # One session may have a minute of audio at once.
        speaker = new_connection(new_session().session_id)
        messages = [programme.message(speaker.session_id, index, now_ms()) for index in range(_CHUNKS)]
        events = [websocket_event("audioChunk", speaker, message) for message in messages]

        def work() -> int:
            for event in events:
                answer = _handle(event, None)
                assert "audioAck" in answer["body"], answer
            return _CHUNKS

        return work

    return repeat({"chunk_ms": prepare}, repeats)


class _Speech:
    """Tone speech without end, taken a batch at a time as it is spoken."""

    def __init__(self, session: Session, seed: int) -> None:
        programme = make_programme(_SPOKEN_S, random.Random(seed))
        self._pcm = [b64decode(each) for each in programme.chunks]
        self._session_id = session.session_id
        self._index = 0
        self._began_s = time.monotonic()

    def next_batch(self) -> tuple[dict[str, object], int]:
        """The event of everything that has been said since the last one, and of how many chunks it is."""
        spoken_s = time.monotonic() - self._began_s
        time.sleep(max(0.0, (self._index + 1) * CHUNK_S - spoken_s))
        last = int((time.monotonic() - self._began_s) / CHUNK_S)
        indices = range(self._index, max(last, self._index + 1))
        self._index = indices.stop
        return kinesis_event(self._session_id, [(1000 + each, self._record(each)) for each in indices]), len(indices)

    def skip_pause(self) -> None:
        """Go on speaking now, whatever time has passed without it."""
        self._began_s = time.monotonic() - self._index * CHUNK_S

    def _record(self, index: int) -> bytes:
        return encode_record(
            AudioChunk(
                chunk_index=index,
                sample_offset=index * CHUNK_SAMPLES,
                captured_at_ms=now_ms(),
                pcm=self._pcm[index % len(self._pcm)],
            )
        )


def _audio(repeats: int, seed: int) -> Mapping[str, Cost]:
    speech = _Speech(store(new_session()), seed)

    def prepare() -> Work:
        speech.skip_pause()

        def work() -> int:
            chunks = 0
            while chunks * CHUNK_S < _AUDIO_S:
                event, count = speech.next_batch()
                assert audio_processor.handler.lambda_handler(event, None) == {"batchItemFailures": []}
                chunks += count
            return chunks

        return work

    per_chunk = repeat({"chunk": prepare}, repeats)["chunk"]
    return {"audio_second_ms": Cost(values_ms=tuple(each / CHUNK_S for each in per_chunk.values_ms))}


def _segment(repeats: int, seed: int) -> Mapping[str, Cost]:
    tools = wiring.audio_processing().tools
    spoken = random.Random(seed)

    async def deliver(session: Session, languages: tuple[LanguageCode, ...]) -> None:
        cursor = session.cursor
        for number in range(_SEGMENTS):
            # No text twice: what has been translated and spoken is kept.
            text = f"{TEXT} {spoken.randrange(10**9)}"
            await asyncio.sleep(_POLLY_INTERVAL_S * len(languages))
            drafts = await tools.render.draft(
                text, source=session.source_language, languages=languages, spoken=languages
            )
            renditions = await tools.render.store(session.session_id, number, drafts)
            assert all(each.clip_key for each in renditions.values()), "every language is spoken"
            segment = Segment(
                session_id=session.session_id,
                source=SourceSegment(number=number, text=text, start_sample=0, end_sample=48_000),
                spoken_at_ms=now_ms(),
                committed_at_ms=now_ms(),
                renditions=renditions,
            )
            moved = replace(cursor, committed_sample=cursor.committed_sample + 48_000, next_segment=number + 1)
            await tools.cursors.commit(segment, expected=cursor, moved=moved, expires_at_s=session.expires_at_s)
            cursor = moved
            for each in renditions.values():
                tools.notify.translated_audio(segment, each, replayed=False)
            await tools.notify.mark_delivered(segment)

    def preparing(languages: tuple[LanguageCode, ...]) -> Prepare:
        def prepare() -> Work:
            session = store(new_session())

            def work() -> int:
                wiring.run(deliver(session, languages))
                return _SEGMENTS

            return work

        return prepare

    costs = repeat({"one": preparing(LANGUAGES[:1]), "many": preparing(LANGUAGES)}, repeats)
    language_ms = difference(costs["many"], costs["one"], by=len(LANGUAGES) - 1)
    return {"segment_language_ms": language_ms, "segment_ms": difference(costs["one"], language_ms, by=1)}


def _listener(repeats: int, seed: int) -> Mapping[str, Cost]:
    del seed
    broadcast = wiring.connection_handling().broadcast
    listeners = hall(new_session().session_id, _LISTENERS)

    def prepare() -> Work:
        notices = [clip_notice(listeners[0].session_id, number) for number in range(_NOTICES)]

        def work() -> int:
            for notice in notices:
                assert wiring.run(broadcast(listeners, notice)) == (), "everybody is reached"
            return _NOTICES * _LISTENERS

        return work

    return repeat({"listener_ms": prepare}, repeats)


def _audience(repeats: int, seed: int) -> Mapping[str, Cost]:
    del seed
    connections = wiring.connection_handling().connections
    session_id = new_session().session_id

    async def fill() -> None:
        for each in hall(session_id, _LISTENERS):
            await connections.add(each)

    wiring.run(fill())

    def prepare() -> Work:
        def work() -> int:
            for _ in range(_READS):
                assert len(wiring.run(connections.audience(session_id)).listeners) == _LISTENERS
            return _READS * _LISTENERS

        return work

    return repeat({"audience_listener_ms": prepare}, repeats)


def _idle_streams(repeats: int, seed: int) -> Mapping[str, Cost]:
    del seed
    transcriber = wiring.audio_processing().tools.transcriber
    english: Language = language("en")
    streams: list[TranscriptionStream] = []

    def preparing(count: int) -> Prepare:
        async def prepare() -> None:
            while len(streams) > count:
                await streams.pop().close()
            while len(streams) < count:
                streams.append(await transcriber.open(english, origin_sample=0))
            for each in streams:
                # Nothing for 15 s ends a stream.
                await each.send(bytes(CHUNK_SAMPLES * BYTES_PER_SAMPLE))
            await asyncio.sleep(0.3)

        def prepared() -> Work:
            wiring.run(prepare())

            def work() -> int:
                wiring.run(asyncio.sleep(_IDLE_S))
                return 1

            return work

        return prepared

    costs = repeat({"none": preparing(0), "one": preparing(1), "many": preparing(_STREAMS)}, repeats)
    wiring.run(_close(streams))
    return {
        "idle_stream_ms_per_s": difference(costs["one"], costs["none"], by=_IDLE_S),
        "idle_of_ten_streams_ms_per_s": difference(costs["many"], costs["none"], by=_IDLE_S * _STREAMS),
    }


async def _close(streams: list[TranscriptionStream]) -> None:
    for each in streams:
        await each.close()


def _join(repeats: int, seed: int) -> Mapping[str, Cost]:
    addresses = random.Random(seed)

    def prepare() -> Work:
        session = store(new_session())
        _handle(websocket_event("$connect", new_connection(session.session_id)), None)
        listeners = hall(session.session_id, _JOINS)
        asked = [authorizer_event(each, source_ip=f"192.0.2.{addresses.randrange(256)}") for each in listeners]
        connects = [websocket_event("$connect", each) for each in listeners]
        joins = [websocket_event("joinSession", each, '{"action":"joinSession"}') for each in listeners]

        def work() -> int:
            for question, connect, join in zip(asked, connects, joins, strict=True):
                allowed = authorizer.handler.lambda_handler(question, None)["policyDocument"]["Statement"][0]["Effect"]
                assert allowed == "Allow"
                assert _handle(connect, None) == _handle(join, None) == {"statusCode": 200}
            return _JOINS

        return work

    return repeat({"join_ms": prepare}, repeats)


UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        "chunk": Unit(functions=("connection_handler",), measure=_chunk),
        "audio": Unit(functions=("audio_processor",), measure=_audio),
        "segment": Unit(functions=("audio_processor",), measure=_segment),
        "listener": Unit(functions=("connection_handler",), measure=_listener),
        "audience": Unit(functions=("connection_handler",), measure=_audience),
        "idle": Unit(functions=("audio_processor",), measure=_idle_streams),
        "join": Unit(functions=("connection_handler", "authorizer"), measure=_join),
    }
)
