"""How something was said, against how the speaker usually speaks, and how it is to be said in another language."""

import math
from dataclasses import dataclass, replace
from typing import Final

_BASELINE_S: Final = 60.0
"""What was said so long ago counts for a third; a passage stands out against the minute before it."""
_FIRST_TIMES: Final = 4
_FIRST_S: Final = 20.0
"""The first segment counts for so many times more than it is, so much at most: the next ones are to differ from it, not
to replace it, yet a word of greeting is not how somebody speaks."""
_LOUDNESS_SHARE: Final = 0.6
_PACE_SHARE: Final = 0.85
_PITCH_SHARE: Final = 0.5
"""How much of the speaker's difference is carried over: less than all of it, as voices differ and rooms are loud."""
_VOLUME_DB: Final = (-6.0, 6.0)
_RATE: Final = (0.75, 1.25)
"""Listeners find speech harder once it takes more than 20 % less time. Source: abstract of "The difficulty of listening
to time-compressed speech" (scilit.net). They understand slowly less of it up to 275 words a minute, and fast beyond.
Source: E. Foulke and T. G. Sticht, "Review of research on the intelligibility and comprehension of accelerated speech",
Psychological Bulletin 72(1), 1969, as T. G. Sticht sums it up."""
_PITCH: Final = (0.9, 1.1)
_VOLUME_STEP_DB: Final = 1.0
_RATE_STEP_PERCENT: Final = 5
_PITCH_STEP_PERCENT: Final = 5
"""Finer steps are hardly heard, and a phrase that is said again would never be said alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """How a segment was said.

    Attributes:
        loudness_lufs: Of the speech in it.
        letters_per_s: Letters of the recognised words by the time in which they were spoken, pauses left out.
        pitch_hz: Median of the voiced frames; None where there are too few.
        pitch_range_semitones: From the 10th to the 90th percentile of them.
        pause_share: How much of the time was pauses within the segment, 0.0-1.0.
        emphasis_lu: How much louder its loudest 400 ms were than the whole.
        spoken_s: The time in which words were spoken.
    """

    loudness_lufs: float
    letters_per_s: float
    pitch_hz: float | None
    pitch_range_semitones: float | None
    pause_share: float
    emphasis_lu: float
    spoken_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerBaseline:
    """How a speaker usually speaks.

    Attributes:
        loudness_lufs, letters_per_s, pitch_hz: As in `Dynamics`; pitch is None until some was heard.
        spoken_s: How much speech it is made of.
    """

    loudness_lufs: float
    letters_per_s: float
    pitch_hz: float | None
    spoken_s: float

    @classmethod
    def after(cls, baseline: "SpeakerBaseline | None", dynamics: Dynamics) -> "SpeakerBaseline":
        """With one more segment; the first one is the baseline."""
        known = baseline or cls(
            loudness_lufs=dynamics.loudness_lufs,
            letters_per_s=dynamics.letters_per_s,
            pitch_hz=dynamics.pitch_hz,
            spoken_s=min(_FIRST_TIMES * dynamics.spoken_s, _FIRST_S),
        )
        spoken_s = known.spoken_s + dynamics.spoken_s
        weight = max(dynamics.spoken_s / spoken_s, 1 - math.exp(-dynamics.spoken_s / _BASELINE_S))
        return cls(
            loudness_lufs=_between(known.loudness_lufs, dynamics.loudness_lufs, weight),
            letters_per_s=_between_ratios(known.letters_per_s, dynamics.letters_per_s, weight),
            pitch_hz=_pitch(known.pitch_hz, dynamics.pitch_hz, weight),
            spoken_s=min(spoken_s, 10 * _BASELINE_S),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prosody:
    """How a text is to be spoken, against the voice's own way.

    Attributes:
        rate_percent: Pace.
        volume_db: Level.
        pitch_percent: Pitch, for engines that have a choice.
    """

    rate_percent: int = 100
    volume_db: float = 0.0
    pitch_percent: int = 100


NEUTRAL: Final = Prosody()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a segment was said, as far as its translations follow it.

    Attributes:
        prosody: What is carried over.
        spoken_s: The time that the speaker took for it, the breath before it included; None where that is not known.
    """

    prosody: Prosody = NEUTRAL
    spoken_s: float | None = None


def carried_over(dynamics: Dynamics | None, baseline: SpeakerBaseline | None) -> Prosody:
    """What differs from the speaker's usual way, as a voice in another language has it."""
    if dynamics is None or baseline is None:
        return NEUTRAL
    volume_db = _LOUDNESS_SHARE * (dynamics.loudness_lufs - baseline.loudness_lufs)
    rate = (dynamics.letters_per_s / baseline.letters_per_s) ** _PACE_SHARE
    pitch = 1.0
    if dynamics.pitch_hz is not None and baseline.pitch_hz is not None:
        pitch = (dynamics.pitch_hz / baseline.pitch_hz) ** _PITCH_SHARE
    return Prosody(
        rate_percent=_stepped(100 * _within(rate, _RATE), _RATE_STEP_PERCENT),
        volume_db=_VOLUME_STEP_DB * round(_within(volume_db, _VOLUME_DB) / _VOLUME_STEP_DB),
        pitch_percent=_stepped(100 * _within(pitch, _PITCH), _PITCH_STEP_PERCENT),
    )


def kept_up(prosody: Prosody, *, pace_needed: float) -> Prosody:
    """No slower than it has to be, lest the listeners fall behind, and no faster than can be followed.

    Args:
        prosody: As the speaker would have it.
        pace_needed: How many times faster than its own way the voice has to be to take no longer than the speaker.
    """
    # Up to the next step; a hair less, as 100 * 1.1 is a hair above 110.
    steps = math.ceil(100 * min(pace_needed, _RATE[1]) / _RATE_STEP_PERCENT - 1e-9)
    needed = _RATE_STEP_PERCENT * steps
    if prosody.rate_percent >= needed:
        return prosody
    return replace(prosody, rate_percent=needed)


def _within(value: float, bounds: tuple[float, float]) -> float:
    return min(max(value, bounds[0]), bounds[1])


def _stepped(percent: float, step: int) -> int:
    return step * round(percent / step)


def _between(before: float, now: float, weight: float) -> float:
    return before + weight * (now - before)


def _between_ratios(before: float, now: float, weight: float) -> float:
    return math.exp(_between(math.log(before), math.log(now), weight))


def _pitch(before: float | None, now: float | None, weight: float) -> float | None:
    if before is None or now is None:
        return before if now is None else now
    return _between_ratios(before, now, weight)
