"""Transcribe Streaming by ``amazon-transcribe``, over HTTP/2 streams that outlive an invocation."""

import asyncio
import threading
from typing import Any, Final

from amazon_transcribe import serialize
from amazon_transcribe.client import TranscribeStreamingClient
from amazon_transcribe.endpoints import BaseEndpointResolver, StaticEndpointResolver
from amazon_transcribe.eventstream import ParserError
from amazon_transcribe.exceptions import SDKError
from amazon_transcribe.model import Result as SdkResult
from amazon_transcribe.model import TranscriptEvent
from amazon_transcribe.structures import BufferableByteStream
from awscrt.exceptions import AwsCrtError

from babelcast.domain.audio import SAMPLE_RATE_HZ, seconds_to_samples
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import Language
from babelcast.domain.transcript import FinalResult, Item, PartialResult, Punctuation, Result, Word

_OPEN_DEADLINE_S: Final = 5.0
_EVENT_BYTES: Final = 16 * 1024
"""Source: docs/architecture.md, audio events of at most 16 KB (half a second)."""
_IDLE_READ_S: Final = 0.01
"""Results come half of it later on average. Of a core it takes half a percent for one stream, 1.5 for ten."""
_BROKEN: Final = (SDKError, ParserError, AwsCrtError, OSError, RuntimeError, TimeoutError)


class _Arrivals:
    """What the bodies of all requests wait for together.

    The HTTP library asks every body in turn for its next bytes, round after round and without pause, on the thread that
    takes the answers as well. So one read in each round waits, for whatever is written first: no stream waits for the
    reads of the others, and a round that brings nothing takes no longer than one wait.
    """

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._waits = 0

    def notify(self) -> None:
        """Something has been written, or has ended."""
        self._arrived.set()

    def wait(self, waits_seen: int) -> int:
        """Wait, unless another body has waited since this one was last asked.

        Args:
            waits_seen: What the last call for this body has returned; -1 before the first, which never waits.
        """
        if waits_seen == self._waits:
            self._arrived.wait(_IDLE_READ_S)
            # What was written before this is found by the reads of the round that begins now.
            self._arrived.clear()
            self._waits += 1
        return self._waits


_ARRIVALS: Final = _Arrivals()


class _WaitingByteStream(BufferableByteStream):
    """A request body whose reader waits for data instead of keeping a whole core busy while a stream is open."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._has_ended = False
        self._waits_seen = -1

    def read(self, size: int = -1) -> bytes | None:  # type: ignore[override]
        if not (self._byte_chunks or self._has_ended):
            self._waits_seen = _ARRIVALS.wait(self._waits_seen)
        data: bytes | None = super().read(size)
        return data

    def write(self, data: Any) -> int:
        written: int = super().write(data)
        _ARRIVALS.notify()
        return written

    def end_stream(self) -> None:
        super().end_stream()  # type: ignore[no-untyped-call]
        self._has_ended = True
        _ARRIVALS.notify()

    def close(self) -> None:
        super().close()  # type: ignore[no-untyped-call]
        self._has_ended = True
        _ARRIVALS.notify()


serialize.BufferableByteStream = _WaitingByteStream  # type: ignore[attr-defined]


class TranscribeTranscriber:
    """`babelcast.ports.Transcriber`.

    Args:
        region: Of the service.
        endpoint_url: Another endpoint than the region's own, or None.
    """

    def __init__(self, *, region: str, endpoint_url: str | None = None) -> None:
        self._region = region
        self._endpoint_url = endpoint_url
        self._client: TranscribeStreamingClient | None = None

    async def open(self, source: Language, *, origin_sample: int) -> "TranscribeStream":
        """See the port."""
        opening = asyncio.ensure_future(
            self._connected().start_stream_transcription(
                language_code=str(source.transcribe_code),
                media_sample_rate_hz=SAMPLE_RATE_HZ,
                media_encoding="pcm",
                enable_partial_results_stabilization=True,
                partial_results_stability="medium",
            )
        )
        try:
            # Like its reads, the library's opening must not be cancelled.
            async with asyncio.timeout(_OPEN_DEADLINE_S):
                stream = await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_let_go)
            raise
        except _BROKEN as error:
            opening.add_done_callback(_let_go)
            # A pooled connection may have died while this environment was frozen; the next attempt makes a new one.
            self._client = None
            raise TranscriptionUnavailableError(f"open: {type(error).__name__}") from error
        return TranscribeStream(stream, origin_sample)

    def _connected(self) -> TranscribeStreamingClient:
        if self._client is None:
            resolver: BaseEndpointResolver | None = (
                StaticEndpointResolver(self._endpoint_url) if self._endpoint_url else None
            )
            self._client = TranscribeStreamingClient(region=self._region, endpoint_resolver=resolver)
        return self._client


def _let_go(opening: "asyncio.Future[Any]") -> None:
    """A stream that opened after nobody waited for it any more would count against the quota until it is idle."""
    if not opening.cancelled() and opening.exception() is None:
        _abandon(opening.result().input_stream)


def _abandon(input_stream: Any) -> None:
    input_stream._input_stream.close()  # noqa: SLF001  the library offers no way to abandon a stream


class TranscribeStream:
    """`babelcast.ports.TranscriptionStream`."""

    def __init__(self, stream: Any, origin_sample: int) -> None:
        self._input = stream.input_stream
        self._origin_sample = origin_sample
        self._results: asyncio.Queue[Result | None] = asyncio.Queue()
        self._error: BaseException | None = None
        self._ended = False
        self._finished = False
        # Its reads must never be cancelled: the library then fails inside its own thread.
        self._reader = asyncio.ensure_future(self._read(stream.output_stream))
        self._reader.add_done_callback(self._finish)

    async def _read(self, output: Any) -> None:
        async for event in output:
            if isinstance(event, TranscriptEvent):
                for each in event.transcript.results:
                    result = _result(each, self._origin_sample)
                    if result is not None:
                        self._results.put_nowait(result)

    def _finish(self, reader: "asyncio.Task[None]") -> None:
        """However the results have ended, whoever waits for them is told."""
        if not reader.cancelled():
            self._error = reader.exception()
        if self._error is None and not self._ended:
            # A clean end while audio is flowing is a fault, too.
            self._error = TranscriptionUnavailableError("the recogniser ended the stream")
        self._results.put_nowait(None)

    async def send(self, pcm: bytes) -> None:
        """See the port."""
        self._raise_if_broken()
        try:
            for start in range(0, len(pcm), _EVENT_BYTES):
                await self._input.send_audio_event(audio_chunk=pcm[start : start + _EVENT_BYTES])
        except _BROKEN as error:
            raise TranscriptionUnavailableError(f"send: {type(error).__name__}") from error

    async def next_result(self, deadline_s: float) -> Result | None:
        """See the port."""
        if self._finished:
            return None
        try:
            result = await asyncio.wait_for(self._results.get(), deadline_s) if deadline_s > 0 else self._nowait()
        except TimeoutError:
            return None
        if result is None:
            self._finished = True
            self._raise_if_broken()
        return result

    def _nowait(self) -> Result | None:
        try:
            return self._results.get_nowait()
        except asyncio.QueueEmpty:
            raise TimeoutError from None

    async def end(self) -> None:
        """See the port."""
        self._raise_if_broken()
        self._ended = True
        try:
            await self._input.end_stream()
        except _BROKEN as error:
            raise TranscriptionUnavailableError(f"end: {type(error).__name__}") from error

    @property
    def is_finished(self) -> bool:
        """See the port."""
        return self._finished

    async def close(self) -> None:
        """See the port."""
        self._ended = True
        _abandon(self._input)

    def _raise_if_broken(self) -> None:
        if self._error is not None:
            raise TranscriptionUnavailableError(f"stream: {type(self._error).__name__}") from self._error


def _result(result: SdkResult, origin_sample: int) -> Result | None:
    heard = result.alternatives[0].items if result.alternatives else None
    if result.is_partial and not heard:
        return None
    # A final without words closes partials whose words have all been taken back.
    items = tuple(_item(each, origin_sample, stable=bool(each.stable) or not result.is_partial) for each in heard or ())
    kind = PartialResult if result.is_partial else FinalResult
    return kind(result_id=str(result.result_id), items=items)


def _item(item: Any, origin_sample: int, *, stable: bool) -> Item:
    if item.item_type == "punctuation":
        return Punctuation(text=item.content, stable=stable)
    return Word(
        text=item.content,
        start_sample=origin_sample + seconds_to_samples(item.start_time),
        end_sample=origin_sample + seconds_to_samples(item.end_time),
        stable=stable,
    )
