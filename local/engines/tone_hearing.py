"""Hearing the tone language: from PCM to words, and what is wrong with each.

A *sound* is what lies between two stretches of quiet of 30 ms. It is a whole word when it is one chord of the
language that

* lasts 200 ms, give or take 10 ms, and
* is constant: three steady tones explain all but 3 % of its power, which a change of chord, a jump in phase, a
  change of level or a hole of 10 ms do not leave so; all three tones are there.

Anything else is broken, and comes out as the words whose chords are heard in it for 30 ms and more, each marked
(``river~``), or as the bare mark when there is none. So a word that is short or long by more than 10 ms is always
marked, whatever was cut or put in, and so is one with pieces of a multiple of 10 ms swapped; other splices that keep
the length are unless they happen to keep all three phases. Words with less than 40 ms
between them count as one sound. Clicks of less than 10 ms are not heard, nor is anything below -46 dB of full scale.

Sound that is not of the language, such as noise and music, is broken too; `HeardWord.is_spoken` tells it from words
that were damaged. What is left of a word is, for 20 to 40 ms at least, still the pure sum of a low, a high and a pilot
tone of the right levels. An instrument's tone has other frequencies or other overtones, and noise has all of them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from local.engines.speech import BYTES_PER_SAMPLE
from local.engines.tone_alphabet import (
    AMPLITUDES,
    CHORDS,
    HIGH_HZ,
    LOW_HZ,
    PILOT_HZ,
    RAMP_SECONDS,
    WORD_SECONDS,
    Signal,
    ToneWord,
)

FRAME_SECONDS: Final = 0.01
BROKEN_MARK: Final = "~"

_FRAMES_PER_SECOND: Final = 100
_LEAST_LEVEL: Final = 10 ** (-46 / 20)
_BELOW_RECENT: Final = 10 ** (-18 / 20)
"""What is softer than this part of the last loud frames is quiet: echoes that a lossy codec adds around a word."""
_RECENT_FRAMES: Final = 10
_LEAD_IN_FRAMES: Final = 2
_CLOSING_FRAMES: Final = 3
_LONGEST_SOUND_FRAMES: Final = 100
_CLICK_SECONDS: Final = 0.01
_ENVELOPE_SECONDS: Final = 0.005
_INSIDE_SECONDS: Final = 0.006
_LENGTH_TOLERANCE_SECONDS: Final = 0.01
_MOST_UNEXPLAINED: Final = 0.03
_BIN_HZ: Final = 5
"""Every tone is a multiple of this."""
_LEAST_TONE: Final = 0.4
"""Of the amplitude that a tone has in a word, at the least, relative to the other tones."""
_RUN_WINDOW_SECONDS: Final = 0.02
_RUN_STEP_SECONDS: Final = 0.005
_LEAST_RUN_WINDOWS: Final = 3
_PIECE_SECONDS: Final = 0.04
_LEAST_PIECE_SECONDS: Final = 0.01
_PIECE_STEP_SECONDS: Final = 0.01
_MOST_UNEXPLAINED_IN_PIECE: Final = 0.1
"""Noise 10 dB below a word does not hide it."""
_GUESS_FRAMES: Final = 12

_TONES_HZ: Final = (*LOW_HZ, *HIGH_HZ, *PILOT_HZ.values())
_BINS: Final = np.array(_TONES_HZ) // _BIN_HZ
_GROUPS: Final = (
    slice(0, len(LOW_HZ)),
    slice(len(LOW_HZ), len(LOW_HZ) + len(HIGH_HZ)),
    slice(len(LOW_HZ) + len(HIGH_HZ), len(_TONES_HZ)),
)
_WORDS_BY_CHORD: Final = {chord: word for word, chord in CHORDS.items()}
_LANGUAGES_BY_PILOT: Final = {pilot: code for code, pilot in PILOT_HZ.items()}

_Spectrum = npt.NDArray[np.complex128]


class MixedLanguagesError(ValueError):
    """The words are not all of one language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardWord:
    """A word, or what is left of one, in seconds since the first sample.

    Attributes:
        word: None when no word can be told from the sound.
        is_whole: Nothing is wrong with it.
        is_spoken: A chord of the language is heard in it; without one the sound is something else than speech.
    """

    word: ToneWord | None
    start: float
    end: float
    is_whole: bool
    is_spoken: bool

    @property
    def content(self) -> str:
        """The word in writing, with the mark when it is broken."""
        spelling = self.word.spelling if self.word else ""
        return spelling if self.is_whole else f"{spelling}{BROKEN_MARK}"


class ToneEar:
    """Hears a stream, frame by frame of 10 ms; how it is cut into calls makes no difference.

    Attributes:
        frame: Frames heard so far.
        sound_frame: The first of the open or the last sound.
        quiet_frames: Frames since the last loud one.
    """

    def __init__(self, rate_hz: int) -> None:
        if rate_hz % _FRAMES_PER_SECOND or rate_hz < 7000:
            raise ValueError("the sample rate must be a multiple of 100 above 7000 Hz")
        self._rate_hz = rate_hz
        self._frame_samples = rate_hz // _FRAMES_PER_SECOND
        self._remainder = b""
        self._recent: deque[float] = deque(maxlen=_RECENT_FRAMES)
        self._lead_in: deque[Signal] = deque(maxlen=_LEAD_IN_FRAMES)
        self._sound: list[Signal] = []
        self.frame = 0
        self.sound_frame = 0
        self.quiet_frames = 0

    @property
    def is_sounding(self) -> bool:
        """Whether a sound is open."""
        return bool(self._sound)

    def hear(self, pcm: bytes) -> Iterator[tuple[HeardWord, ...]]:
        """For each frame that is complete now, the words that ended with it, mostly none."""
        data = self._remainder + pcm
        whole = len(data) - len(data) % (self._frame_samples * BYTES_PER_SAMPLE)
        self._remainder = data[whole:]
        frames = (np.frombuffer(data[:whole], dtype="<i2") / 32768).reshape(-1, self._frame_samples)
        levels = np.sqrt(np.mean(frames**2, axis=1)).tolist()
        for frame, level in zip(frames, levels, strict=True):
            yield self._hear_frame(frame, level)

    def finish(self) -> tuple[HeardWord, ...]:
        """The words that end with the stream."""
        words: tuple[HeardWord, ...] = ()
        if self._remainder:
            padding = self._frame_samples * BYTES_PER_SAMPLE - len(self._remainder)
            words = tuple(word for heard in self.hear(bytes(padding)) for word in heard)
        return words + self._end_sound()

    def sounding_word(self) -> ToneWord | None:
        """The word that is being heard, if it can be told already."""
        if not self._sound:
            return None
        sound = np.concatenate(self._sound[-_GUESS_FRAMES:])
        runs = _runs(sound, self._rate_hz)
        return runs[-1].word if runs and _is_spoken(sound[runs[-1].start : runs[-1].end], self._rate_hz) else None

    @property
    def sound_start(self) -> float:
        """Where the open sound begins, in seconds, give or take two frames."""
        return max(0, self.frame - len(self._sound)) * FRAME_SECONDS

    def _hear_frame(self, frame: Signal, level: float) -> tuple[HeardWord, ...]:
        self.frame += 1
        is_loud = level > max(_LEAST_LEVEL, _BELOW_RECENT * max(self._recent, default=0.0))
        self._recent.append(level)
        self.quiet_frames = 0 if is_loud else self.quiet_frames + 1
        if self._sound:
            self._sound.append(frame)
        elif is_loud:
            self._sound = [*self._lead_in, frame]
            self.sound_frame = self.frame
        self._lead_in.append(frame)
        if self._sound and (self.quiet_frames >= _CLOSING_FRAMES or len(self._sound) >= _LONGEST_SOUND_FRAMES):
            return self._end_sound()
        return ()

    def _end_sound(self) -> tuple[HeardWord, ...]:
        if not self._sound:
            return ()
        start, sound = self.sound_start, np.concatenate(self._sound)
        self._sound = []
        if self.quiet_frames == 0:
            self._lead_in.clear()  # a sound of the longest length goes on in the next
        return tuple(_words(sound, start, self._rate_hz))


def hear_words(pcm: bytes, rate_hz: int) -> tuple[HeardWord, ...]:
    """Every word of a clip of mono signed 16-bit little-endian PCM."""
    ear = ToneEar(rate_hz)
    return tuple(word for words in ear.hear(pcm) for word in words) + ear.finish()


def decode_tones(pcm: bytes, rate_hz: int) -> list[str]:
    """The words of a clip in English whatever their language, broken ones with the mark."""
    return [
        f"{heard.word.word if heard.word else ''}{'' if heard.is_whole else BROKEN_MARK}"
        for heard in hear_words(pcm, rate_hz)
    ]


def decode_language(pcm: bytes, rate_hz: int) -> str | None:
    """The language of a clip's whole words; None without any.

    Raises:
        MixedLanguagesError: They are of several.
    """
    languages = {heard.word.language for heard in hear_words(pcm, rate_hz) if heard.word and heard.is_whole}
    if len(languages) > 1:
        raise MixedLanguagesError(f"words of {len(languages)} languages")
    return next(iter(languages), None)


class _Run(NamedTuple):
    """A stretch of one chord, in samples."""

    word: ToneWord
    start: int
    end: int


def _words(sound: Signal, offset: float, rate_hz: int) -> Iterator[HeardWord]:
    """The words of a sound that begins ``offset`` seconds into the stream."""
    first, last = _edges(sound, rate_hz)
    if last - first < _CLICK_SECONDS * rate_hz:
        return
    start = offset + first / rate_hz - RAMP_SECONDS / 2
    end = offset + last / rate_hz + RAMP_SECONDS / 2
    is_of_length = abs(end - start - WORD_SECONDS) <= _LENGTH_TOLERANCE_SECONDS
    if is_of_length and (word := _steady_word(sound, first, last, rate_hz)):
        yield HeardWord(word=word, start=_ms(start), end=_ms(end), is_whole=True, is_spoken=True)
        return
    runs = _runs(sound, rate_hz)
    if not runs:
        is_spoken = _is_spoken(sound[first:last], rate_hz)
        yield HeardWord(word=None, start=_ms(start), end=_ms(end), is_whole=False, is_spoken=is_spoken)
    for index, run in enumerate(runs):
        yield HeardWord(
            word=run.word,
            start=_ms(start if index == 0 else offset + run.start / rate_hz),
            end=_ms(end if index == len(runs) - 1 else offset + run.end / rate_hz),
            is_whole=False,
            is_spoken=_is_spoken(sound[max(first, run.start) : min(last, run.end)], rate_hz),
        )


def _ms(seconds: float) -> float:
    return round(max(0.0, seconds), 3)


def _edges(sound: Signal, rate_hz: int) -> tuple[int, int]:
    """Where the sound's envelope first and last has half of its usual height, which is amid the ramps of a word."""
    width = round(_ENVELOPE_SECONDS * rate_hz)
    padded = np.concatenate([np.zeros(width // 2 + 1), sound**2, np.zeros(width - width // 2 - 1)])
    sums = np.cumsum(padded)
    envelope = np.sqrt(np.maximum(0.0, sums[width:] - sums[:-width]))
    plateau = np.median(envelope[envelope > envelope.max() / 2])
    above = np.flatnonzero(envelope > plateau / 2)
    return int(above[0]), int(above[-1]) + 1


def _steady_word(sound: Signal, first: int, last: int, rate_hz: int) -> ToneWord | None:
    """The word that the sound is throughout, or None."""
    margin = round(_INSIDE_SECONDS * rate_hz)
    inside = sound[first + margin : last - margin]
    word = _word_of(_spectra(inside, rate_hz))
    if word is None:
        return None
    return word if _is_chord(inside, word.tones_hz, rate_hz, most_unexplained=_MOST_UNEXPLAINED) else None


def _is_spoken(sound: Signal, rate_hz: int) -> bool:
    """Whether there is a piece in the sound that is nothing but a chord of the language."""
    size, step = round(_PIECE_SECONDS * rate_hz), round(_PIECE_STEP_SECONDS * rate_hz)
    if len(sound) < _LEAST_PIECE_SECONDS * rate_hz:
        return False
    pieces = (sound[start : start + size] for start in range(0, max(1, len(sound) - size + 1), step))
    return any(
        _is_chord(piece, _strongest(_spectra(piece, rate_hz)), rate_hz, most_unexplained=_MOST_UNEXPLAINED_IN_PIECE)
        for piece in pieces
    )


def _is_chord(sound: Signal, tones_hz: tuple[int, int, int], rate_hz: int, *, most_unexplained: float) -> bool:
    """Whether three steady tones, all of them there, explain all but that part of the sound's power."""
    chosen = _waves(rate_hz)[[_TONES_HZ.index(tone_hz) for tone_hz in tones_hz], : len(sound)]
    basis = np.concatenate([chosen.real, chosen.imag])
    weights = np.linalg.solve(basis @ basis.T, basis @ sound)
    unexplained = 1 - float(weights @ (basis @ sound)) / max(float(sound @ sound), 1e-12)
    relative = np.hypot(weights[:3], weights[3:]) / np.array(AMPLITUDES)
    return unexplained <= most_unexplained and bool(relative.min() >= _LEAST_TONE * relative.max())


def _runs(sound: Signal, rate_hz: int) -> list[_Run]:
    """The chords that can be told in a sound, in order."""
    width, step = round(_RUN_WINDOW_SECONDS * rate_hz), round(_RUN_STEP_SECONDS * rate_hz)
    if len(sound) < width:
        return []
    windows = np.lib.stride_tricks.sliding_window_view(sound, width)[::step]
    spectra = _spectra(windows * np.hanning(width), rate_hz)
    powers = np.sum(windows**2, axis=1)
    chords = [
        (int(np.argmax(spectrum[_GROUPS[0]])), int(np.argmax(spectrum[_GROUPS[1]])))
        if power > powers.max() / 8
        else None
        for spectrum, power in zip(spectra, powers, strict=True)
    ]
    runs: list[_Run] = []
    begin = 0
    for index in range(1, len(chords) + 1):
        if index < len(chords) and chords[index] == chords[begin]:
            continue
        if chords[begin] is not None and index - begin >= _LEAST_RUN_WINDOWS:
            word = _word_of(spectra[begin:index].sum(axis=0))
            start, end = begin * step, (index - 1) * step + width
            if word and runs and runs[-1].word == word and start - runs[-1].end < width:
                runs[-1] = runs[-1]._replace(end=end)
            elif word:
                runs.append(_Run(word, start, end))
        begin = index
    return runs


def _spectra(signals: Signal, rate_hz: int) -> Signal:
    """The strength of each tone in each signal; signals are rows, at most as long as a word."""
    spectra: Signal = np.abs(np.fft.rfft(signals, rate_hz // _BIN_HZ, axis=-1)[..., _BINS])
    return spectra


def _word_of(spectrum: Signal) -> ToneWord | None:
    """The word whose tones are the strongest of their groups."""
    low, high, pilot = _strongest(spectrum)
    word = _WORDS_BY_CHORD.get((low, high))
    return ToneWord(word=word, language=_LANGUAGES_BY_PILOT[pilot]) if word else None


def _strongest(spectrum: Signal) -> tuple[int, int, int]:
    """The strongest low, high and pilot tone."""
    low, high, pilot = (_TONES_HZ[group.start + int(np.argmax(spectrum[group]))] for group in _GROUPS)
    return low, high, pilot


@lru_cache(maxsize=8)
def _waves(rate_hz: int) -> _Spectrum:
    """A complex wave of each tone, as long as the longest word: shape (tones, samples)."""
    times = np.arange(round((WORD_SECONDS + _LENGTH_TOLERANCE_SECONDS) * rate_hz)) / rate_hz
    waves: _Spectrum = np.exp(2j * np.pi * np.outer(_TONES_HZ, times))
    return waves
