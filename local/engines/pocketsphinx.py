"""English recogniser: PocketSphinx behind an endpointer.

Two kinds of pauses matter. A short one ends a *clause*: the decoder finishes it, and its words are stable from then on.
A longer one ends the *result*, as Transcribe's do::

    audio    ▁▁▁we met in the spring▁▁and it rained▁▁▁▁▁▁▁▁▁▁
    clause      ├──────────────────┤ ├────────────┤            short pause
    result      ├─────────────────────────────────┤ final      longer pause

The longer a result has become, the shorter the pause that ends it; without any pause it is cut between two words.

The feature mean, which the model needs to be right, starts from the first second of speech and then follows the
stream; from the model's own default it would be right only after some ten seconds.

Partial results come from a forked copy of the process that finishes the clause as if it ended there: finishing searches
the lattice of all hypotheses, which is right far more often than the first pass alone (word error rate 8.7 against
11.6 %), so that words declared stable early are nearly as good as final ones.
"""

import os
import pickle
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from pocketsphinx import Decoder

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
from local.engines.stabilising import STABILITY_RULES, StablePrefix

_FRAME_BYTES: Final = FRAME_SAMPLES * BYTES_PER_SAMPLE
_BLOCK_FRAMES: Final = 10
_PARTIAL_EVERY_FRAMES: Final = 50
_PRIMING_FRAMES: Final = 100
_FEATURE_MEAN_AT_START: Final = "40,3,-1"
_VOICED_FRAMES: Final = 8
"""Speech has at least so much voice in it; noise, breath and knocks do not, but the decoder hears words in them."""
_LANGUAGE_WEIGHT: Final = 5.5
"""A little below the model's default: synthetic and careful speech is clearer than what the model was tuned on."""

_ALWAYS_CAPITAL: Final = frozenset(
    {"i", "i'm", "i'll", "i've", "i'd"}
    | {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}
    | {"january", "february", "april", "june", "july", "august", "september", "october", "november", "december"}
)


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
        self._clauses = _ClauseDecoder(decoder)
        self._rule = STABILITY_RULES[stability] if stability else None
        self._pauses = pauses
        self._endpointer = Endpointer()
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
            self._end_clause()
            self._end_result()
        return self._take_results()

    def _take_results(self) -> Sequence[Result]:
        results, self._results = self._results, []
        return results

    def _hear(self, frame: bytes) -> None:
        sound = self._endpointer.classify(np.frombuffer(frame, dtype="<i2"))
        self._frame += 1
        if self._clauses.is_open:
            self._clauses.feed(frame)
        else:
            self._lead_in.append(frame)
            if sound in {Sound.ONSET, Sound.SPEECH}:
                self._begin_clause()
        if self._result:
            self._watch_pauses(sound)
        if self._result and (self._frame - self._result.first_frame) % _PARTIAL_EVERY_FRAMES == 0:
            self._report_partial()

    def _begin_clause(self) -> None:
        first_frame = self._frame - len(self._lead_in)
        if not self._result:
            self._result = _OpenResult(
                number=self._next_number, first_frame=first_frame, stable=StablePrefix(self._rule)
            )
        self._clauses.begin(first_frame, self._lead_in)
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

    def _end_clause(self) -> None:
        if self._result and self._clauses.is_open:
            self._result.settle(self._clauses.end())
            self._report_partial()

    def _cut_result(self) -> None:
        """End the result between two words and go on with the rest of its audio in the next."""
        assert self._result is not None
        words, frames = self._clauses.end_with_audio()
        settled = self._result.stable.frozen_end
        cut = max(settled, words[-2].start if len(words) > 2 else 0.0)
        self._result.settle([word for word in words if word.end <= cut + FRAME_SECONDS / 2])
        kept = round(self._frame - cut / FRAME_SECONDS)
        self._end_result()
        self._lead_in = deque(frames[-kept:] if 0 < kept < len(frames) else frames[-self._pauses.lead_in :])
        self._begin_clause()

    def _report_partial(self) -> None:
        result = self._result
        if not result:
            return
        if self._clauses.is_open:
            items = result.stable.update([*result.settled, *self._clauses.words()], now=self._frame * FRAME_SECONDS)
        else:
            items = result.stable.frozen
        items = _written(items if self._rule else [replace(item, is_stable=False) for item in items])
        if items and items != result.reported and self._endpointer.voiced_frames >= _VOICED_FRAMES:
            result.reported = items
            self._results.append(
                PartialResult(number=result.number, start=items[0].start, end=items[-1].end, items=items)
            )

    def _end_result(self) -> None:
        result = self._result
        assert result is not None
        self._result = None
        items = _written(result.stable.frozen)
        if not result.reported and self._endpointer.voiced_frames < _VOICED_FRAMES:
            return
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


class _ClauseDecoder:
    """PocketSphinx on one clause at a time."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._is_primed = False
        self._is_decoding = False
        self._first_frame = 0
        self._audio: list[bytes] = []
        self._fed = 0
        self.is_open = False

    def begin(self, first_frame: int, frames: Sequence[bytes]) -> None:
        """A clause that starts with these frames, the first of which is the stream's ``first_frame``."""
        self.is_open = True
        self._first_frame = first_frame
        self._audio = list(frames)
        self._fed = 0
        self._decode()

    def feed(self, frame: bytes) -> None:
        """The next frame."""
        self._audio.append(frame)
        self._decode()

    def words(self) -> list[Item]:
        """The words so far, as if the clause ended here; none before the decoder has started.

        Ending a clause cannot be undone, so a forked process ends its copy of it.
        """
        if not self._is_decoding:
            return []
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                self._decoder.end_utt()
                with os.fdopen(writer, "wb") as pipe:
                    pickle.dump(self._read_words(), pipe)
            finally:
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            words: list[Item] = pickle.load(pipe)
        os.waitpid(child, 0)
        return words

    def end(self) -> list[Item]:
        """Finish the clause: its words for good."""
        return self.end_with_audio()[0]

    def end_with_audio(self) -> tuple[list[Item], list[bytes]]:
        """The same, with the clause's frames."""
        self._decode(is_last=True)
        self._decoder.end_utt()
        self._is_decoding = self.is_open = False
        audio, self._audio = self._audio, []
        return self._read_words(), audio

    def _decode(self, *, is_last: bool = False) -> None:
        if not self._is_primed:
            if len(self._audio) < _PRIMING_FRAMES and not is_last:
                return
            self._prime()
        if not self._is_decoding:
            self._decoder.start_utt()
            self._is_decoding = True
        while len(self._audio) - self._fed >= _BLOCK_FRAMES or (is_last and self._fed < len(self._audio)):
            block = self._audio[self._fed : self._fed + _BLOCK_FRAMES]
            self._fed += len(block)
            self._decoder.process_raw(b"".join(block))
            self._decoder.get_cmn(True)  # moves the mean to where this clause is

    def _prime(self) -> None:
        self._is_primed = True
        self._decoder.start_utt()
        self._decoder.process_raw(b"".join(self._audio), no_search=True)
        mean = self._decoder.get_cmn(True)
        self._decoder.end_utt()
        self._decoder.set_cmn(mean)

    def _read_words(self) -> list[Item]:
        words = []
        for segment in self._decoder.seg() or ():
            if segment.word[0] in "<[+":
                continue
            content = re.sub(r"\(\d+\)$", "", segment.word)
            words.append(
                Item(
                    content=content.capitalize() if content in _ALWAYS_CAPITAL else content,
                    start=round((self._first_frame + segment.start_frame) * FRAME_SECONDS, 3),
                    end=round((self._first_frame + segment.end_frame + 1) * FRAME_SECONDS, 3),
                    confidence=min(1.0, round(float(segment.prob), 4)),
                )
            )
        return words


def _written(items: Sequence[Item]) -> tuple[Item, ...]:
    """With a capital at the beginning."""
    if not items:
        return ()
    first = items[0]
    return (replace(first, content=first.content[:1].upper() + first.content[1:]), *items[1:])
