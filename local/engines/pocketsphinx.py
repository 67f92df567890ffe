"""English recogniser: PocketSphinx behind an endpointer.

Two kinds of pauses matter. A short one ends a *clause*: the decoder finishes it, and its words are stable from then on.
A longer one ends the *result*, as Transcribe's do::

    audio    ▁▁▁we met in the spring▁▁and it rained▁▁▁▁▁▁▁▁▁▁
    clause      ├──────────────────┤ ├────────────┤            short pause
    result      ├─────────────────────────────────┤ final      longer pause

The longer a result has become, the shorter the pause that ends it; without any pause it is cut between two words.

Partial results come from a forked copy of the process that finishes the clause as if it ended there: finishing searches
the lattice of all hypotheses, which is right far more often than the first pass alone (word error rate 8.7 against
11.6 %), so that words declared stable early are nearly as good as final ones.

The decoder hears words in any sound. So a result's audio is held back from it until there may be speech in it
(`speech_cues`), most of a second after speech has begun, and is forgotten if there is none. And words count only if
they are heard while there is speech, and are no longer than their phones can be.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from pocketsphinx import Decoder

from local.engines.clause_decoder import ClauseDecoder
from local.engines.endpointing import FRAME_SAMPLES, FRAME_SECONDS, Endpointer, Sound
from local.engines.speech import (
    BYTES_PER_SAMPLE,
    FinalResult,
    Item,
    ItemKind,
    PartialResult,
    Result,
    Stability,
)
from local.engines.speech_cues import SpeechCues
from local.engines.stabilising import STABILITY_RULES, StablePrefix

_FRAME_BYTES: Final = FRAME_SAMPLES * BYTES_PER_SAMPLE
_BLOCK_FRAMES: Final = 10
_PARTIAL_EVERY_FRAMES: Final = 50
_FEATURE_MEAN_AT_START: Final = "40,3,-1"
_FORGET_FRAMES: Final = 300
"""Sound without speech is forgotten in pieces of this length."""
_LOOK_BACK_FRAMES: Final = (50, 200)
"""And a second more."""
_CUES_LATE_FRAMES: Final = 20
_LOOK_ROUND_FRAMES: Final = 100
_LANGUAGE_WEIGHT: Final = 5.5
"""A little below the model's default: synthetic and careful speech is clearer than what the model was tuned on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Lengths in frames of 10 ms.

    Attributes:
        clause: Quiet that ends a clause.
        result: Quiet that ends a result of ordinary length.
        long_after: Length of a result from which on shorter pauses are enough.
        longest: Length at which a result is cut wherever it is.
        lead_in: Quiet kept before speech, so that soft first sounds are heard.
        first_lead_in: The same before the first speech of a stream, which may begin in the middle of a word.
    """

    clause: int = 24
    result: int = 50
    long_after: int = 1000
    longest: int = 2400
    lead_in: int = 35
    first_lead_in: int = 100

    def result_pause(self, length: int) -> int:
        """The quiet that ends a result of this length."""
        if length <= self.long_after:
            return self.result
        left = max(0.0, 1 - (length - self.long_after) / (self.longest - self.long_after))
        return round(self.clause + (self.result - self.clause) * left)


class PocketSphinxModel:
    """The loaded model (about 95 MB). One stream at a time: forked processes share the memory, threads may not."""

    def __init__(self) -> None:
        # The second pass costs four times the first one's time when every partial result has one, for 0.4 % of words.
        self._decoder = Decoder(loglevel="FATAL", lw=_LANGUAGE_WEIGHT, fwdflat=False)

    def open_stream(self, stability: Stability | None, pauses: Pauses | None = None) -> "PocketSphinxStream":
        """A decoder for a fresh stream."""
        self._decoder.set_cmn(_FEATURE_MEAN_AT_START)
        return PocketSphinxStream(self._decoder, stability, pauses or Pauses())


class PocketSphinxStream:
    """A `StreamDecoder`. Results depend on the audio alone, not on how it is cut into calls."""

    def __init__(self, decoder: Decoder, stability: Stability | None, pauses: Pauses) -> None:
        self._clauses = ClauseDecoder(decoder)
        self._rule = STABILITY_RULES[stability] if stability else None
        self._pauses = pauses
        self._endpointer = Endpointer()
        self._cues = SpeechCues()
        self._remainder = b""
        self._frame = 0
        self._lead_in: deque[bytes] = deque(maxlen=pauses.first_lead_in)
        self._result: _OpenResult | None = None
        self._next_number = 0
        self._results: list[Result] = []

    def accept(self, pcm: bytes) -> Sequence[Result]:
        """Hear the next audio."""
        data = self._remainder + pcm
        whole = len(data) - len(data) % _FRAME_BYTES
        self._remainder = data[whole:]
        for offset in range(0, whole, _FRAME_BYTES):
            self._hear(data[offset : offset + _FRAME_BYTES])
        return self._take_results()

    def finish(self) -> Sequence[Result]:
        """The stream has ended: close what is open."""
        if self._remainder:
            self._hear(self._remainder.ljust(_FRAME_BYTES, b"\0"))
            self._remainder = b""
        if self._result:
            for _ in range(_CUES_LATE_FRAMES):
                self._cues.hear(np.zeros(FRAME_SAMPLES, dtype=np.int16))
            self._end_clause()
            self._end_result()
        return self._take_results()

    def _take_results(self) -> Sequence[Result]:
        results, self._results = self._results, []
        return results

    def _hear(self, frame: bytes) -> None:
        samples = np.frombuffer(frame, dtype="<i2")
        sound = self._endpointer.classify(samples)
        self._cues.hear(samples)
        self._frame += 1
        if self._clauses.is_open:
            self._clauses.feed(frame)
            if self._frame % _BLOCK_FRAMES == 0:
                self._listen_for_speech()
        else:
            self._lead_in.append(frame)
            if sound in {Sound.ONSET, Sound.SPEECH}:
                self._begin_clause()
        if self._result:
            self._watch_pauses(sound)
        if self._result and (self._frame - self._result.first_frame) % _PARTIAL_EVERY_FRAMES == 0:
            self._look_at_result(self._result)

    def _begin_clause(self) -> None:
        first_frame = self._frame - len(self._lead_in)
        if not self._result:
            self._result = _OpenResult(
                number=self._next_number, first_frame=first_frame, stable=StablePrefix(self._rule)
            )
        self._clauses.begin(first_frame, self._lead_in, is_held=not self._result.reported)
        self._lead_in = deque(maxlen=self._pauses.lead_in)

    def _watch_pauses(self, sound: Sound) -> None:
        assert self._result is not None
        length = self._frame - self._result.first_frame
        # The endpointer counts a pause frame by frame, so that each length is seen once.
        if sound is Sound.PAUSE:
            if self._endpointer.pause_frames == self._pauses.clause:
                self._end_clause()
            if self._endpointer.pause_frames >= self._pauses.result_pause(length):
                self._end_result()
                self._endpointer.end_speech()
        elif length >= self._pauses.longest:
            self._cut_result()

    def _listen_for_speech(self) -> None:
        if self._clauses.is_held and self._may_be_speech():
            self._clauses.release()

    def _may_be_speech(self) -> bool:
        return any(self._cues.is_speech(self._frame - back, self._frame) for back in _LOOK_BACK_FRAMES)

    def _look_at_result(self, result: "_OpenResult") -> None:
        """Report what is heard; leave sound alone in which nobody speaks, or has stopped speaking."""
        if not self._clauses.is_open:
            self._report_partial()
        elif result.reported:
            if self._frame - round(result.reported[-1].end / FRAME_SECONDS) >= _FORGET_FRAMES:
                self._cut_result()
            else:
                self._report_partial()
        elif self._may_be_speech():
            self._report_partial()
        elif self._clauses.length >= _FORGET_FRAMES:
            self._forget_clause()

    def _forget_clause(self) -> None:
        """Begin again with the end of the open clause, in which nothing was said."""
        self._lead_in = deque(self._clauses.forget()[-self._pauses.first_lead_in :])
        self._result = None
        self._begin_clause()

    def _end_clause(self) -> None:
        if self._result and self._clauses.is_open:
            self._listen_for_speech()
            words = self._spoken(self._clauses.end())
            if not words:
                self._clauses.restore_mean()
            self._result.settle(words)
            self._report_partial()

    def _spoken(self, words: Sequence[Item]) -> list[Item]:
        """The words that are heard while somebody speaks; more is asked of the first ones than of those after them."""
        assert self._result is not None
        is_new = not self._result.reported
        spoken = [word for word in words if self._is_speech(word, surely=is_new and self._clauses.is_open)]
        if is_new and not spoken:
            return []
        return [word for word in words if word in spoken or self._is_speech(word, more_frames=_LOOK_ROUND_FRAMES)]

    def _is_speech(self, word: Item, *, surely: bool = False, more_frames: int = 0) -> bool:
        start, end = round(word.start / FRAME_SECONDS), round(word.end / FRAME_SECONDS)
        return self._cues.is_speech(start - more_frames, end + more_frames, surely=surely)

    def _cut_result(self) -> None:
        """End the result between two words and go on with the rest of its audio in the next."""
        assert self._result is not None
        words, frames = self._clauses.end_with_audio()
        settled = self._result.stable.frozen_end
        cut = max(settled, words[-2].start if len(words) > 2 else 0.0)
        self._result.settle(self._spoken([word for word in words if word.end <= cut + FRAME_SECONDS / 2]))
        kept = round(self._frame - cut / FRAME_SECONDS)
        self._end_result()
        self._lead_in = deque(frames[-kept:] if 0 < kept < len(frames) else frames[-self._pauses.lead_in :])
        self._begin_clause()

    def _report_partial(self) -> None:
        result = self._result
        if not result:
            return
        if self._clauses.is_open:
            words = self._spoken(self._clauses.words())
            items = result.stable.update([*result.settled, *words], now=self._frame * FRAME_SECONDS)
        else:
            items = result.stable.frozen
        items = _written(items if self._rule else [replace(item, is_stable=False) for item in items])
        if items and items != result.reported:
            result.reported = items
            self._results.append(
                PartialResult(number=result.number, start=items[0].start, end=items[-1].end, items=items)
            )

    def _end_result(self) -> None:
        result = self._result
        assert result is not None
        self._result = None
        items = _written(result.stable.frozen)
        if items:
            end = items[-1].end
            items += (Item(content=".", start=end, end=end, kind=ItemKind.PUNCTUATION, is_stable=True),)
        elif not result.reported:
            return
        self._next_number += 1
        heard = items or result.reported
        self._results.append(FinalResult(number=result.number, start=heard[0].start, end=heard[-1].end, items=items))


@dataclass(slots=True, kw_only=True)
class _OpenResult:
    """The result being heard."""

    number: int
    first_frame: int
    stable: StablePrefix
    settled: tuple[Item, ...] = ()
    reported: tuple[Item, ...] = ()

    def settle(self, words: Sequence[Item]) -> None:
        """Take a finished clause's words for good."""
        self.settled = self.stable.settle([*self.settled, *words])


def _written(items: Sequence[Item]) -> tuple[Item, ...]:
    """With a capital at the beginning."""
    if not items:
        return ()
    first = items[0]
    return (replace(first, content=first.content[:1].upper() + first.content[1:]), *items[1:])
