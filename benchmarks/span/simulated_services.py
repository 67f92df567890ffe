"""The speech services and S3 behind Babelcast's ports, within one event loop: engines, times and MP3s, no sockets.

Everything that takes time waits on the loop, so that it may be a virtual one. The engines and the times are those of
`local.services`; what is left out is the way to them.
"""

import asyncio
import io
from typing import Any, Final

from mutagen.mp3 import MP3

from babelcast.domain.audio import seconds_to_samples
from babelcast.domain.dynamics import NEUTRAL, Prosody
from babelcast.domain.languages import Language, Voice
from babelcast.domain.transcript import FinalResult, Item, PartialResult, Punctuation, Result, Word
from local.engines import speech
from local.engines.tones import ToneDecoder, ToneSpeaker, ToneTranslator
from local.services.behaviour import Behaviour, Service, ServiceClock, Step
from local.services.polly import encode_mp3

_STABILITY: Final = speech.Stability.MEDIUM
"""What `audio_processor` asks of Transcribe."""
_ORDER_S: Final = 1e-5


class SimulatedTranscriber:
    """`babelcast.ports.Transcriber`."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour

    async def open(self, source: Language, *, origin_sample: int) -> "SimulatedStream":
        """See the port."""
        await self._behaviour.take_time(Service.TRANSCRIBE, str(source.transcribe_code))
        return SimulatedStream(self._behaviour, origin_sample)


class SimulatedStream:
    """`babelcast.ports.TranscriptionStream`: each result as long after it was recognised as the service takes."""

    def __init__(self, behaviour: Behaviour, origin_sample: int) -> None:
        self._behaviour = behaviour
        self._origin_sample = origin_sample
        self._decoder = ToneDecoder(_STABILITY)
        self._results: asyncio.Queue[Result | None] = asyncio.Queue()
        self._due_at = 0.0
        self._is_finished = False

    async def send(self, pcm: bytes) -> None:
        """See the port."""
        for result in self._decoder.accept(pcm):
            self._take(result)

    async def next_result(self, deadline_s: float) -> Result | None:
        """See the port."""
        if self._is_finished:
            return None
        try:
            async with asyncio.timeout(deadline_s):
                result = await self._results.get()
        except TimeoutError:
            return None
        self._is_finished = result is None
        return result

    async def end(self) -> None:
        """See the port."""
        for result in self._decoder.finish():
            self._take(result)
        self._give(None, asyncio.get_running_loop().time())

    @property
    def is_finished(self) -> bool:
        """See the port."""
        return self._is_finished

    async def close(self) -> None:
        """See the port."""

    def _take(self, result: speech.Result) -> None:
        due_at = asyncio.get_running_loop().time() + self._behaviour.result_delay_s(result)
        self._give(self._heard(result), due_at)

    def _give(self, result: Result | None, due_at: float) -> None:
        """Behind what was given before, never at the same moment: the loop does not keep the order of equals."""
        self._due_at = max(self._due_at + _ORDER_S, due_at)
        asyncio.get_running_loop().call_at(self._due_at, self._results.put_nowait, result)

    def _heard(self, result: speech.Result) -> Result:
        kind = FinalResult if isinstance(result, speech.FinalResult) else PartialResult
        return kind(result_id=str(result.number), items=tuple(self._item(each) for each in result.items))

    def _item(self, item: speech.Item) -> Item:
        if item.kind is speech.ItemKind.PUNCTUATION:
            return Punctuation(text=item.content, stable=item.is_stable)
        return Word(
            text=item.content,
            start_sample=self._origin_sample + seconds_to_samples(item.start),
            end_sample=self._origin_sample + seconds_to_samples(item.end),
            stable=item.is_stable,
        )


class SimulatedTranslator:
    """`babelcast.ports.Translator`."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._engine = ToneTranslator()

    async def translate(self, text: str, *, source: Language, target: Language) -> str:
        """See the port."""
        await self._behaviour.take_time(Service.TRANSLATE, str(target.translate_code))
        return await self._engine.translate(text, source=str(source.translate_code), target=str(target.translate_code))


class SimulatedSynthesizer:
    """`babelcast.ports.Synthesizer`: real MP3s."""

    def __init__(self, behaviour: Behaviour, *, voice_word_ms: int) -> None:
        self._behaviour = behaviour
        self._engine = ToneSpeaker(word_ms=voice_word_ms)

    async def synthesize(self, text: str, voice: Voice, prosody: Prosody = NEUTRAL) -> bytes:
        """See the port."""
        await self._behaviour.take_time(Service.POLLY, voice.language_code)
        pcm = await self._engine.speak(text, language=voice.language_code, rate_percent=prosody.rate_percent)
        return encode_mp3(pcm)


class SimulatedClips:
    """`babelcast.ports.Clips`; an address is the key.

    Attributes:
        stored: By key.
    """

    def __init__(self, clock: ServiceClock) -> None:
        self._clock = clock
        self.stored: dict[str, bytes] = {}

    async def put(self, key: str, mp3: bytes) -> float:
        """See the port."""
        await asyncio.sleep(self._clock.draw_ms(Step.S3_PUT) / 1000)
        self.stored[key] = mp3
        info: Any = MP3(io.BytesIO(mp3)).info
        return round(float(info.length), 3)

    def url(self, key: str) -> str:
        """See the port."""
        return key
