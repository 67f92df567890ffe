"""A recogniser whose streams decode in the caller's thread: for decoders that take next to no time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from local.engines.speech import EngineFailedError, Result, Stability, StreamDecoder


class InProcessRecogniser:
    """A `Recogniser`; each stream has a decoder of its own from the factory.

    Args:
        decoder_factory: Makes a fresh decoder of a stability.
        languages: Transcribe's codes of what the decoders hear.
    """

    def __init__(self, decoder_factory: Callable[[Stability | None], StreamDecoder], languages: frozenset[str]) -> None:
        self._decoder_factory = decoder_factory
        self._languages = languages
        self._streams: set[InProcessStream] = set()

    @property
    def languages(self) -> frozenset[str]:
        """Transcribe's codes."""
        return self._languages

    async def open_stream(self, stability: Stability | None) -> "InProcessStream":
        """A fresh stream."""
        stream = InProcessStream(self._decoder_factory(stability), self._streams.discard)
        self._streams.add(stream)
        return stream

    async def close(self) -> None:
        """Close every stream that is open."""
        for stream in tuple(self._streams):
            await stream.close()


class InProcessStream:
    """A `RecogniserStream`. Audio is decoded as it is fed; results wait until they are read.

    Closed before its end, it gives the results that it already has and then fails.
    """

    def __init__(self, decoder: StreamDecoder, on_done: Callable[["InProcessStream"], None]) -> None:
        self._decoder: StreamDecoder | None = decoder
        self._on_done = on_done
        self._failure: EngineFailedError | None = None
        self._results: asyncio.Queue[Result | None] = asyncio.Queue()

    async def feed(self, pcm: bytes) -> None:
        """Decode the next audio.

        Raises:
            EngineFailedError: The decoder broke, or the stream has ended or is closed.
        """
        self._decode(lambda decoder: decoder.accept(pcm))

    async def end(self) -> None:
        """No more audio comes.

        Raises:
            EngineFailedError: The decoder broke, or the stream has ended or is closed.
        """
        self._decode(lambda decoder: decoder.finish())
        self._stop()

    async def results(self) -> AsyncIterator[Result]:
        """The results in order, until the stream's end.

        Raises:
            EngineFailedError: The decoder broke, or the stream was closed before its end.
        """
        while (result := await self._results.get()) is not None:
            yield result
        self._results.put_nowait(None)
        if self._failure:
            raise self._failure

    async def close(self) -> None:
        """Free the decoder; a second time, or after the end, nothing happens."""
        if self._decoder is not None:
            self._stop(EngineFailedError("the stream was closed before its end"))

    def _decode(self, step: Callable[[StreamDecoder], Sequence[Result]]) -> None:
        if self._decoder is None:
            raise self._failure or EngineFailedError("the stream has ended")
        try:
            results = step(self._decoder)
        except Exception as error:
            failure = EngineFailedError(f"the decoder failed with {type(error).__name__}")
            self._stop(failure)
            raise failure from error
        for result in results:
            self._results.put_nowait(result)

    def _stop(self, failure: EngineFailedError | None = None) -> None:
        self._decoder = None
        self._failure = failure
        self._results.put_nowait(None)
        self._on_done(self)
