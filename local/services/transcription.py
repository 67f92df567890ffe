"""One StartStreamTranscription: audio events in, transcript events out, with Transcribe's limits. No transport here."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from amazon_transcribe.eventstream import EventStreamBuffer, EventStreamMessageSerializer, ParserError

from local.engines.speech import (
    EngineError,
    FinalResult,
    Item,
    ItemKind,
    Recogniser,
    RecogniserStream,
    Result,
    Stability,
)
from local.services.behaviour import Behaviour, FaultKind, Service
from local.services.waits import wall_clock_ms

_SAMPLE_RATE_HZ: Final = 16_000
_MAX_EVENT_BYTES: Final = _SAMPLE_RATE_HZ * 2
"""Source: StartStreamTranscription, an audio event holds at most one second."""
_PREFIX: Final = "x-amzn-transcribe-"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscribeLimits:
    """Quotas of the service.

    Attributes:
        idle_seconds: Without audio for so long, a stream is ended with an error.
        concurrent_streams: More are refused.
    """

    idle_seconds: float = 15.0
    concurrent_streams: int = 25


class ServiceError(Exception):
    """An error as Transcribe names it."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class StreamBrokenError(Exception):
    """The stream is to be reset without a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRequest:
    """What a client asks for in its headers."""

    language: str
    stability: Stability | None
    session_id: str

    @classmethod
    def read(cls, headers: Mapping[str, str], languages: frozenset[str]) -> "StreamRequest":
        """Validate as the service does.

        Raises:
            ServiceError: A header is missing or has a value that is not offered.
        """
        language = headers.get(f"{_PREFIX}language-code", "")
        if language not in languages:
            raise ServiceError("BadRequestException", f"language code {language!r} is not offered here")
        if headers.get(f"{_PREFIX}sample-rate") != str(_SAMPLE_RATE_HZ):
            raise ServiceError("BadRequestException", f"the sample rate is {_SAMPLE_RATE_HZ} Hz here")
        if headers.get(f"{_PREFIX}media-encoding") != "pcm":
            raise ServiceError("BadRequestException", "the media encoding is pcm here")
        stability = None
        if headers.get(f"{_PREFIX}enable-partial-results-stabilization", "").lower() == "true":
            try:
                stability = Stability(headers.get(f"{_PREFIX}partial-results-stability", "high"))
            except ValueError:
                raise ServiceError("BadRequestException", "no such stability") from None
        session_id = headers.get(f"{_PREFIX}session-id") or str(uuid.uuid4())
        return cls(language=language, stability=stability, session_id=session_id)


@dataclass(frozen=True, slots=True)
class _Recognised:
    """A result, when the recogniser had it (milliseconds of the wall clock), and how much it had heard by then."""

    result: Result
    at_ms: float
    heard_ms: float


class Transcription:
    """One stream. `receive` takes the request's body as it comes, `events` gives the answer's body."""

    def __init__(
        self, request: StreamRequest, stream: RecogniserStream, behaviour: Behaviour, limits: TranscribeLimits
    ) -> None:
        self._request = request
        self._stream = stream
        self._behaviour = behaviour
        self._limits = limits
        self._buffer = EventStreamBuffer()
        self._audio: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._result_prefix = uuid.uuid4().hex[:12]
        self._number = behaviour.counters[Service.TRANSCRIBE]["opened"]
        self._heard_ms = 0.0

    @classmethod
    async def open(
        cls, request: StreamRequest, recogniser: Recogniser, behaviour: Behaviour, limits: TranscribeLimits
    ) -> "Transcription":
        """Open a stream if the quota allows it.

        Raises:
            ServiceError: Refused.
        """
        counters = behaviour.counters[Service.TRANSCRIBE]
        counters["requests"] += 1
        await behaviour.take_time(Service.TRANSCRIBE, request.language)
        match behaviour.take_fault(Service.TRANSCRIBE, request.language, FaultKind.REFUSE, FaultKind.THROTTLE):
            case FaultKind.REFUSE:
                raise ServiceError("ServiceUnavailableException", "service is currently unavailable", status=503)
            case FaultKind.THROTTLE:
                raise ServiceError(
                    "LimitExceededException", "you have reached your limit of concurrent streams", status=429
                )
        if counters["open"] >= limits.concurrent_streams:
            raise ServiceError(
                "LimitExceededException", "you have reached your limit of concurrent streams", status=429
            )
        try:
            stream = await recogniser.open_stream(request.stability)
        except EngineError as error:
            raise ServiceError("InternalFailureException", str(error), status=500) from error
        counters["opened"] += 1
        counters["open"] += 1
        return cls(request, stream, behaviour, limits)

    def receive(self, data: bytes) -> None:
        """More of the request's body; never blocks."""
        self._buffer.add_data(data)
        try:
            for outer in self._buffer:
                self._take_event(outer.payload)
        except ParserError:
            self._audio.put_nowait(ServiceError("SerializationException", "an event could not be read"))

    def end_of_body(self) -> None:
        """The client has ended its side; without an end event it has gone away."""
        self._audio.put_nowait(None)

    async def events(self) -> AsyncIterator[bytes]:
        """The answer's body, event by event; an error of the service is its last event.

        Raises:
            StreamBrokenError: The transport is to be reset.
        """
        feeding = asyncio.create_task(self._feed())
        try:
            async with contextlib.aclosing(self._timed_results()) as results:
                async for result in results:
                    yield _transcript_event(result, self._result_prefix)
            await feeding
        except ServiceError as error:
            yield _exception_event(error)
        except EngineError:
            yield _exception_event(_cause(feeding))
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await feeding
            await self._stream.close()
            self._behaviour.counters[Service.TRANSCRIBE]["open"] -= 1

    async def _timed_results(self) -> AsyncGenerator[Result, None]:
        """The recogniser's results in their order, each as long after it was recognised as the service takes.

        A result that is ready sooner than the one before it waits for that one; none waits for another's delay to
        begin. The end, or the recogniser's failure, follows the last result at once.
        """
        clock = asyncio.get_running_loop()
        due: asyncio.Queue[tuple[float, _Recognised | None]] = asyncio.Queue()

        async def read() -> None:
            due_at = 0.0
            try:
                async for result in self._stream.results():
                    due_at = max(due_at, clock.time() + self._behaviour.result_delay_s(result))
                    due.put_nowait((due_at, _Recognised(result, wall_clock_ms(), self._heard_ms)))
            finally:
                due.put_nowait((due_at, None))

        reading = asyncio.create_task(read())
        try:
            while True:
                due_at, recognised = await due.get()
                if (early_s := due_at - clock.time()) > 0:
                    await asyncio.sleep(early_s)
                if recognised is None:
                    break
                self._behaviour.waits.note_result(
                    stream=self._number,
                    heard_ms=recognised.heard_ms,
                    recognised_at_ms=recognised.at_ms,
                    result=recognised.result,
                )
                yield recognised.result
            await reading
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _feed(self) -> None:
        """Hand the audio on until it ends; whatever goes wrong closes the recogniser, so that its results end too."""
        try:
            while True:
                pcm = await self._next_audio()
                if pcm is None:
                    await self._stream.end()
                    return
                fault = self._behaviour.take_fault(Service.TRANSCRIBE, self._request.language, FaultKind.BREAK)
                if fault is FaultKind.BREAK:
                    raise StreamBrokenError
                self._behaviour.counters[Service.TRANSCRIBE]["audioMs"] += len(pcm) * 500 // _SAMPLE_RATE_HZ
                self._heard_ms += len(pcm) * 500 / _SAMPLE_RATE_HZ
                await self._stream.feed(pcm)
        except (ServiceError, StreamBrokenError):
            await self._stream.close()
            raise

    async def _next_audio(self) -> bytes | None:
        try:
            async with asyncio.timeout(self._limits.idle_seconds):
                audio = await self._audio.get()
        except TimeoutError:
            raise ServiceError(
                "BadRequestException",
                f"Your request timed out because no new audio was received for {self._limits.idle_seconds:g} seconds.",
            ) from None
        if isinstance(audio, Exception):
            raise audio
        return audio

    def _take_event(self, payload: bytes) -> None:
        """An outer event carries the signed inner one; an empty one is the end."""
        if not payload:
            self._audio.put_nowait(None)
            return
        inner = EventStreamBuffer()
        inner.add_data(payload)
        for event in inner:
            if event.headers.get(":event-type") != "AudioEvent":
                self._audio.put_nowait(ServiceError("BadRequestException", "only audio events are expected"))
            elif len(event.payload) > _MAX_EVENT_BYTES or len(event.payload) % 2:
                self._audio.put_nowait(
                    ServiceError("BadRequestException", "an audio event has whole samples and at most a second")
                )
            elif event.payload:
                self._audio.put_nowait(event.payload)
            else:
                self._audio.put_nowait(None)


def _cause(feeding: "asyncio.Task[None]") -> ServiceError:
    """Why the recogniser's results broke off: what the feeding met, or the recogniser itself."""
    failure = feeding.exception() if feeding.done() and not feeding.cancelled() else None
    if isinstance(failure, StreamBrokenError):
        raise failure from None
    if isinstance(failure, ServiceError):
        return failure
    return ServiceError("InternalFailureException", "the recogniser failed", status=500)


def _transcript_event(result: Result, prefix: str) -> bytes:
    is_partial = not isinstance(result, FinalResult)
    body = {
        "Transcript": {
            "Results": [
                {
                    "ResultId": f"{prefix}-{result.number}",
                    "StartTime": round(result.start, 3),
                    "EndTime": round(result.end, 3),
                    "IsPartial": is_partial,
                    "Alternatives": [
                        {"Transcript": result.text, "Items": [_item(each) for each in result.items]},
                    ],
                }
            ]
        }
    }
    return _event({":event-type": "TranscriptEvent", ":message-type": "event"}, body)


def _item(item: Item) -> dict[str, Any]:
    written: dict[str, Any] = {
        "Content": item.content,
        "StartTime": round(item.start, 3),
        "EndTime": round(item.end, 3),
        "Type": item.kind.value,
        "Stable": item.is_stable,
        "VocabularyFilterMatch": False,
    }
    if item.kind is ItemKind.WORD and item.confidence is not None:
        written["Confidence"] = round(item.confidence, 4)
    return written


def _exception_event(error: ServiceError) -> bytes:
    return _event({":exception-type": error.code, ":message-type": "exception"}, {"Message": str(error)})


def _event(headers: dict[str, str], body: object) -> bytes:
    return bytes(
        EventStreamMessageSerializer().serialize(
            {**headers, ":content-type": "application/json"}, json.dumps(body).encode()
        )
    )
