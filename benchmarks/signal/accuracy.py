"""How far the measurements are from what is true, over all voices."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCKS_PER_S, MEMORY_SAMPLES, Block, Blocks, Signal
from babelcast.domain.sound.clipping import Clipping
from babelcast.domain.sound.echo import Echo, find_echo
from babelcast.domain.sound.loudness import gated_loudness, k_weighted_power
from babelcast.domain.sound.noise import Noise
from babelcast.domain.sound.pitch import pitches_hz
from babelcast.domain.sound_issue import SoundIssue, SoundThresholds
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.damage import PINK, VOWELS, WHITE, clipped, scaled, vowel, with_echo, with_noise
from benchmarks.signal.hearing import as_heard, findings_of
from benchmarks.signal.measured import Errors
from benchmarks.signal.speech import programme
from benchmarks.signal.truth import loudness_lufs

SNRS_DB: Final = tuple(range(0, 41, 5))
CLIPPED_SHARES: Final = (0.001, 0.003, 0.01, 0.05)
DELAYS_S: Final = (0.1, 0.2, 0.3, 0.4, 0.5)
ECHO_LEVELS_DB: Final = (-6, -10, -15, -20)
ECHO_DELAY: Final = "echo's delay, ms"
ECHO_STRENGTH: Final = "echo's strength, dB"
ECHO_MISSED: Final = "looks that have not found the echo, %"
ECHO_TOLD: Final = "echo told after, s"
LEVELS_DB: Final = (10, 0, -15, -30)
PITCHES_HZ: Final = (80, 100, 130, 170, 220, 300)

_SETTLED_BLOCKS: Final = 5 * BLOCKS_PER_S
_CLIPPING_BLOCKS: Final = 2 * BLOCKS_PER_S
_LOOK_S: Final = 0.5
_EVIDENCE: Final = SoundThresholds().echo.wrong
_ALLOWED_DELAY_MS: Final = 5.0
_ALLOWED_MISSED_PERCENT: Final = 25.0
"""Looks come every half second, and three that agree are told."""
_ALLOWED_TOLD_S: Final = 5.0
_TOLD_S: Final = 10.0
_PIECE_S: Final = 3
_SETTLED_FRAMES: Final = 10


def measure_accuracy(seconds: float, voices: Sequence[str]) -> Iterator[Errors]:
    """Everything whose truth is known, with so many seconds of each voice under each condition."""
    for exponent, name, allowed in ((WHITE, "white", 2.0), (PINK, "pink", None)):
        for snr_db in SNRS_DB:
            yield Errors(
                measure="signal-to-noise ratio, dB",
                condition=f"{name} noise at {snr_db} dB",
                by_voice={voice: _snr_errors(voice, seconds, snr_db, exponent) for voice in voices},
                allowed=allowed,
            )
    for share in CLIPPED_SHARES:
        yield Errors(
            measure="clipped share, % of it",
            condition=f"{share:.1%} clipped",
            by_voice={voice: _clipping_errors(voice, seconds, share) for voice in voices},
            allowed=10.0,
        )
    yield from measure_echoes(seconds, voices)
    for level_db in LEVELS_DB:
        yield Errors(
            measure="loudness, LU",
            condition=f"speech, {level_db:+} dB",
            by_voice={voice: [_loudness_error(scaled(programme(voice, seconds), level_db))] for voice in voices},
            allowed=1.0,
        )
    yield Errors(
        measure="loudness, LU",
        condition=f"{_PIECE_S} s of speech",
        by_voice={voice: [_loudness_error(piece) for piece in _pieces(programme(voice, seconds))] for voice in voices},
        allowed=1.0,
    )
    for pitch_hz in PITCHES_HZ:
        yield Errors(
            measure="pitch, %",
            condition=f"vowels of {pitch_hz} Hz",
            by_voice={name: _pitch_errors(name, pitch_hz) for name in VOWELS},
            allowed=3.0,
        )


def _blocks(signal: Signal) -> Iterator[Block]:
    return Blocks().add(to_pcm(signal), start_sample=0)


def _snr_errors(voice: str, seconds: float, snr_db: float, exponent: float) -> list[float]:
    noise, errors = Noise(), []
    speech = programme(voice, seconds, room_level_db=None)
    for block in _blocks(with_noise(speech, snr_db, exponent=exponent)):
        noise = noise.after(block)
        errors.append(None if noise.snr_db is None else noise.snr_db - snr_db)
    return [error for error in errors[_SETTLED_BLOCKS:] if error is not None]


def _clipping_errors(voice: str, seconds: float, share: float) -> list[float]:
    speech = programme(voice, seconds)
    is_cut = np.abs(speech) > np.quantile(np.abs(speech), 1 - share)
    clipping, errors = Clipping(), []
    for block in _blocks(clipped(speech, share)):
        clipping = clipping.after(block)
        count = int(
            np.count_nonzero(is_cut[block.end_sample - _CLIPPING_BLOCKS * len(block.samples) : block.end_sample])
        )
        if len(clipping.tops) == _CLIPPING_BLOCKS and count:
            errors.append(100 * (clipping.ratio * _CLIPPING_BLOCKS * len(block.samples) / count - 1))
    return errors


def looks(signal: Signal) -> list[Echo | None]:
    """The likeliest echo of each three seconds, one every half second; None where nothing can be judged."""
    heard = as_heard(signal)
    ends = range(MEMORY_SAMPLES, len(heard) + 1, round(_LOOK_S * SAMPLE_RATE_HZ))
    return [find_echo(heard[end - MEMORY_SAMPLES : end]) for end in ends]


def measure_echoes(
    seconds: float,
    voices: Sequence[str],
    *,
    delays_s: Sequence[float] = DELAYS_S,
    levels_db: Sequence[float] = ECHO_LEVELS_DB,
) -> Iterator[Errors]:
    """Of the echoes that have evidence enough to be told; how many looks have not found one, and when it is told."""
    for level_db in levels_db:
        for delay_s in delays_s:
            seen = {voice: looks(with_echo(programme(voice, seconds), delay_s, level_db)) for voice in voices}
            found = {
                voice: [echo for echo in echoes if echo is not None and echo.evidence >= _EVIDENCE]
                for voice, echoes in seen.items()
            }
            condition = f"{1000 * delay_s:.0f} ms, {level_db} dB"
            heard = {voice: echoes for voice, echoes in found.items() if echoes}
            if heard:
                yield Errors(
                    measure=ECHO_DELAY,
                    condition=condition,
                    by_voice={voice: [1000 * (echo.delay_s - delay_s) for echo in heard[voice]] for voice in heard},
                    allowed=_ALLOWED_DELAY_MS,
                )
                yield Errors(
                    measure=ECHO_STRENGTH,
                    condition=condition,
                    by_voice={voice: [echo.strength_db - level_db for echo in heard[voice]] for voice in heard},
                    allowed=None,
                )
            yield Errors(
                measure=ECHO_MISSED,
                condition=condition,
                by_voice={voice: [100 * (1 - len(found[voice]) / len(seen[voice]))] for voice in voices},
                allowed=_ALLOWED_MISSED_PERCENT,
            )
            yield Errors(
                measure=ECHO_TOLD,
                condition=condition,
                by_voice={
                    voice: [_echo_told_s(with_echo(programme(voice, _TOLD_S), delay_s, level_db))] for voice in voices
                },
                allowed=_ALLOWED_TOLD_S,
            )


def _echo_told_s(signal: Signal) -> float:
    """When an echo is told of; the signal's length where it never is."""
    told = [each.at_s for each in findings_of(signal) if each.finding.issue is SoundIssue.ECHO]
    return told[0] if told else len(signal) / SAMPLE_RATE_HZ


def _loudness_error(signal: Signal) -> float:
    heard = as_heard(signal)
    return (gated_loudness([k_weighted_power(block) for block in _blocks(signal)]) or 0.0) - loudness_lufs(heard)


def _pieces(signal: Signal) -> list[Signal]:
    size = _PIECE_S * SAMPLE_RATE_HZ
    return [signal[start : start + size] for start in range(0, len(signal) - size + 1, size)]


def _pitch_errors(name: str, pitch_hz: float) -> list[float]:
    sound = vowel(name, np.full(SAMPLE_RATE_HZ, float(pitch_hz)))
    found = np.concatenate([pitches_hz(block) for block in _blocks(sound)])[_SETTLED_FRAMES:]
    return list(100 * (found / pitch_hz - 1))
