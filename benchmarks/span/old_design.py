"""The design that Babelcast replaces, as small as it can be and still do what that did.

* Kinesis gathers audio for 3 s; one function takes batch after batch.
* Each batch is heard by a Transcribe stream of its own, which is opened, fed, ended and waited for.
* Its text is translated and spoken in one language after the other, and each listener of a language is posted to by
  boto3, one after the other, before the next language's turn comes.
* A batch that fails is lost: the function's answer 500 counts as success.
* Listeners play clips in the order of their messages, each with an audio element that loads when its turn comes.

It is given what does it no harm: everything that waits while the function is busy comes as one batch, and no batch is
ever redelivered. It is written against Babelcast's own ports, so that both designs use the same services.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from babelcast.domain.errors import BabelcastError, TranscriptionUnavailableError
from babelcast.domain.languages import LANGUAGES, LanguageCode, language
from babelcast.domain.transcript import FinalResult, join_items
from babelcast.ports import Clips, Synthesizer, Transcriber, Translator

_BYTES_PER_S: Final = SAMPLE_RATE_HZ * BYTES_PER_SAMPLE
_CHUNK_S: Final = 0.25
_FED_AT_ONCE_BYTES: Final = _BYTES_PER_S // 2
_HEARD_WITHIN_S: Final = 10.0
_SOURCE: Final = LanguageCode("en")

POST_S: Final = 0.021
"""One post by boto3: API Gateway's answer after 20 ms, and the client's own 0.85 ms.

Source: docs/decisions/0013-many-listeners-are-told-by-functions-of-their-own.md, measured and assumed there.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldPlan:
    """What is done in which order.

    Attributes:
        languages: Of the session, all of them translated and spoken, in this order.
        listeners: By language, of those that are listened to.
        batch_s: How long audio is gathered.
        path_s: From a full chunk to the function.
        post_s: Telling one listener.
    """

    languages: tuple[LanguageCode, ...]
    listeners: Mapping[LanguageCode, int]
    batch_s: float = 3.0
    path_s: float = 0.07
    post_s: float = POST_S


def session_of(listened: Sequence[str], *, offered: int, listeners: int) -> OldPlan:
    """A session of so many languages.

    Args:
        listened: What is listened to. The first one's turn comes in the middle, the others' at the end.
        offered: Languages of the session, those among them.
        listeners: Of each language that is listened to.

    Raises:
        ValueError: There are not as many languages with a voice, or fewer are offered than listened to.
    """
    others = [code for code, row in LANGUAGES.items() if row.voice and code not in (*listened, _SOURCE)]
    if not len(listened) <= offered <= len(others) + len(listened):
        raise ValueError(f"{len(listened)} to {len(others) + len(listened)} languages can be offered")
    unheard = others[: offered - len(listened)]
    before, after = unheard[: (offered - 1) // 2], unheard[(offered - 1) // 2 :]
    return OldPlan(
        languages=tuple(map(LanguageCode, (*before, listened[0], *after, *listened[1:]))),
        listeners=dict.fromkeys(map(LanguageCode, listened), listeners),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The message about a clip, as it leaves for the listener who is in the middle of the row.

    Attributes:
        number: Of the batch.
        spoken_s: The stretch of speech in the batch, seconds since the first sample.
        at: Seconds since the first sample.
        key, url: Of the clip.
    """

    number: int
    language: LanguageCode
    spoken_s: tuple[float, float]
    at: float
    text: str
    key: str
    url: str
    duration_s: float


@dataclass(slots=True, kw_only=True)
class OldCounts:
    """What was done.

    Attributes:
        batches: Processed, failed ones included.
        lost: Of them, those that failed.
    """

    batches: int = 0
    lost: int = 0


class OldDesign:
    """One session of it.

    Args:
        plan: What is done.
        transcriber, translator, synthesizer, clips: The services.
        tell: Takes each message of the listener in the middle.
        now_s: Seconds since the talk's first sample.
    """

    def __init__(
        self,
        plan: OldPlan,
        *,
        transcriber: Transcriber,
        translator: Translator,
        synthesizer: Synthesizer,
        clips: Clips,
        tell: Callable[[Told], None],
        now_s: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._plan = plan
        self._transcriber = transcriber
        self._translator = translator
        self._synthesizer = synthesizer
        self._clips = clips
        self._tell = tell
        self._now_s = now_s
        self._sleep = sleep
        self.counts = OldCounts()

    async def run(self, pcm: bytes) -> None:
        """Process a talk that is captured in real time, mono s16le at 16 000 Hz, to its end."""
        plan, heard = self._plan, 0
        while heard < len(pcm):
            full_s = min(heard / _BYTES_PER_S + plan.batch_s, len(pcm) / _BYTES_PER_S)
            await self._sleep(max(0.0, full_s + plan.path_s - self._now_s()))
            captured = int((self._now_s() - plan.path_s + 1e-6) / _CHUNK_S) * round(_CHUNK_S * _BYTES_PER_S)
            until = min(len(pcm), max(captured, round(full_s * _BYTES_PER_S)))
            await self._invoke(pcm[heard:until], heard)
            heard = until

    async def _invoke(self, batch: bytes, offset: int) -> None:
        number = self.counts.batches
        self.counts.batches += 1
        try:
            if text := await self._hear(batch):
                spoken_s = (offset / _BYTES_PER_S, (offset + len(batch)) / _BYTES_PER_S)
                for code in self._plan.languages:
                    await self._deliver(number, text, code, spoken_s)
        except (BabelcastError, TimeoutError):
            self.counts.lost += 1

    async def _hear(self, batch: bytes) -> str:
        stream = await self._transcriber.open(language(_SOURCE), origin_sample=0)
        try:
            for start in range(0, len(batch), _FED_AT_ONCE_BYTES):
                await stream.send(batch[start : start + _FED_AT_ONCE_BYTES])
            await stream.end()
            texts: list[str] = []
            async with asyncio.timeout(_HEARD_WITHIN_S):
                while not stream.is_finished:
                    result = await stream.next_result(_HEARD_WITHIN_S)
                    if isinstance(result, FinalResult):
                        texts.append(join_items(result.items, language(_SOURCE)))
            return " ".join(texts)
        except TimeoutError:
            raise TranscriptionUnavailableError("the stream did not end") from None
        finally:
            await stream.close()

    async def _deliver(self, number: int, text: str, code: LanguageCode, spoken_s: tuple[float, float]) -> None:
        target = language(code)
        translated = await self._translator.translate(text, source=language(_SOURCE), target=target)
        assert target.voice is not None
        mp3 = await self._synthesizer.synthesize(translated, target.voice)
        key = f"old/{code}/{number:08d}.mp3"
        duration_s = await self._clips.put(key, mp3)
        listeners = self._plan.listeners.get(code, 0)
        for position in range(listeners):
            await self._sleep(self._plan.post_s)
            if position == listeners // 2:
                told = Told(
                    number=number,
                    language=code,
                    spoken_s=spoken_s,
                    at=self._now_s(),
                    text=translated,
                    key=key,
                    url=self._clips.url(key),
                    duration_s=duration_s,
                )
                self._tell(told)


def play_one_after_another(
    told: Iterable[Told], there_at: Callable[[Told], float], loaded_at: Callable[[Told, float], float]
) -> list[tuple[Told, float]]:
    """When each clip begins to sound at a listener with audio elements. Pure, if the functions are.

    Args:
        told: In the order in which the messages left.
        there_at: When a message is at the listener.
        loaded_at: When a clip has been loaded that was asked for at a moment.
    """
    begins: list[tuple[Told, float]] = []
    free_at = 0.0
    for each, at in sorted(((each, there_at(each)) for each in told), key=lambda pair: pair[1]):
        began_at = loaded_at(each, max(at, free_at))
        begins.append((each, began_at))
        free_at = began_at + each.duration_s
    return begins
