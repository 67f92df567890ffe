"""The signal-to-noise ratio, against the active speech level (ITU-T P.56) over the power of the noise."""

import numpy as np
import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import FREQUENCIES_HZ, Block, Blocks, Signal
from babelcast.domain.sound.noise import GREATEST_SNR_DB, Noise
from benchmarks.quiet.programmes import to_pcm
from benchmarks.quiet.signals import band, held, normalised, shaped_noise
from benchmarks.signal.damage import PINK, VOWELS, WHITE, vowel, with_noise
from benchmarks.signal.speech import VOICES, programme

SNRS_DB = (0, 5, 10, 20, 30, 40)
SETTLED_BLOCKS = 50


def blocks_of(signal: Signal) -> list[Block]:
    return list(Blocks().add(to_pcm(signal), start_sample=0))


def readings(signal: Signal) -> list[float]:
    """A reading every tenth of a second, once the window is full."""
    noise, snrs = Noise(), []
    for block in blocks_of(signal):
        noise = noise.after(block)
        snrs.append(noise.snr_db)
    return [snr for snr in snrs[SETTLED_BLOCKS:] if snr is not None]


def syllables(seconds: float) -> Signal:
    """Vowels of 0.15 to 0.35 s with pauses of 0.05 to 0.6 s between them."""
    rng = np.random.default_rng(4)
    pieces: list[Signal] = []
    while sum(map(len, pieces)) < seconds * SAMPLE_RATE_HZ:
        length_s = rng.uniform(0.15, 0.35)
        pitch_hz = np.linspace(1.1, 0.9, round(length_s * SAMPLE_RATE_HZ)) * rng.uniform(110, 220)
        sound = vowel(VOWELS[int(rng.integers(len(VOWELS)))], pitch_hz)
        pieces.append(sound * held(length_s, attack_s=0.03, release_s=0.05)[: len(sound)])
        pieces.append(np.zeros(round(rng.choice((0.05, 0.1, 0.6)) * SAMPLE_RATE_HZ)))
    return np.concatenate(pieces)[: round(seconds * SAMPLE_RATE_HZ)]


@pytest.mark.parametrize("voice", VOICES)
def test_speech_in_white_noise(voice: str) -> None:
    speech = programme(voice, 12.0, room_level_db=None)
    for snr_db in SNRS_DB:
        errors_db = np.array(readings(with_noise(speech, snr_db))) - snr_db
        assert abs(np.median(errors_db)) <= 2.0, f"{snr_db} dB"
        assert np.max(np.abs(errors_db)) <= 3.5, f"a passage of five seconds at {snr_db} dB"


def test_syllables_in_white_noise() -> None:
    speech = syllables(12.0)
    for snr_db in SNRS_DB:
        errors_db = np.array(readings(with_noise(speech, snr_db))) - snr_db
        assert np.max(np.abs(errors_db)) <= 2.0, f"{snr_db} dB"


@pytest.mark.parametrize("voice", ["slt", "awb", "es"])
def test_of_coloured_noise_what_is_where_speech_is_counts(voice: str) -> None:
    speech = programme(voice, 12.0, room_level_db=None)
    frequencies = np.fft.rfftfreq(len(speech), 1 / SAMPLE_RATE_HZ)
    powers = np.maximum(frequencies, 20.0) ** (2 * PINK)
    share = np.sum(powers[(frequencies > 125) & (frequencies < 7500)]) / np.sum(powers)
    for snr_db in (0, 10, 20, 30):
        errors_db = np.array(readings(with_noise(speech, snr_db, exponent=PINK))) - (snr_db - 10 * np.log10(share))
        assert abs(np.median(errors_db)) <= 2.0, f"{snr_db} dB"


def test_the_floor_is_the_mean_of_steady_noise() -> None:
    """Of white noise in each band, which is what `_BIAS` is from."""
    ratios = []
    for seed in range(8):
        noise = Noise()
        powers = []
        for block in blocks_of(0.05 * shaped_noise(14.0, np.random.default_rng(seed), lambda hz: hz**WHITE)):
            noise = noise.after(block)
            powers.append(np.mean(np.sum(block.powers[:, (FREQUENCIES_HZ >= 125) & (FREQUENCIES_HZ < 7500)], axis=1)))
        ratios.append(noise.floor / np.mean(powers))
    assert abs(10 * np.log10(np.mean(ratios))) <= 0.2
    assert np.max(np.abs(10 * np.log10(ratios))) <= 0.7


def test_the_floor_follows_a_noise_that_comes_and_goes() -> None:
    speech = programme("rms", 40.0, room_level_db=None)
    calm, loud = with_noise(speech, 30), with_noise(speech, 10)
    third = 13 * SAMPLE_RATE_HZ
    snrs = readings(np.concatenate((calm[:third], loud[third : 2 * third], calm[2 * third :])))
    before, during, after = snrs[70], snrs[130 + 10], snrs[-1]
    assert before == pytest.approx(30, abs=3)
    assert during == pytest.approx(10, abs=3)
    assert after == pytest.approx(30, abs=3)


def test_without_speech_there_is_no_ratio() -> None:
    noise = 0.02 * shaped_noise(12.0, np.random.default_rng(1), lambda hz: hz**WHITE)
    assert readings(noise) == []
    assert readings(np.zeros(12 * SAMPLE_RATE_HZ)) == []


def test_speech_without_any_noise_has_a_great_ratio() -> None:
    found = readings(programme("slt", 12.0, room_level_db=None))
    assert max(found) == GREATEST_SNR_DB
    assert min(found) > 40, "five seconds of it are never quiet in all bands"


def test_hum_is_no_noise() -> None:
    speech = programme("slt", 12.0)
    rumble = 0.02 * normalised(shaped_noise(12.0, np.random.default_rng(2), band(40, 60, order=8)))
    assert min(readings(speech + rumble)) > 25
