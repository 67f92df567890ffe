"""Silence and noise: what a microphone hears in a room, beside a road, in front of applause, while nobody speaks."""

from typing import Final

import numpy as np

from benchmarks.quiet.signals import (
    at_level,
    band,
    faded,
    formants,
    harmonics,
    held,
    power_law,
    put,
    shaped_noise,
    silence,
    smooth_walk,
    stroke,
    times,
)
from local.engines.tone_alphabet import Signal

ROOM_DB: Final = -62.0
"""Level of a quiet room in a microphone for speech, relative to full scale."""


def digital_silence(seconds: float, rng: np.random.Generator) -> Signal:  # noqa: ARG001
    """Zeros."""
    return silence(seconds)


def idle_converter(seconds: float, rng: np.random.Generator) -> Signal:
    """The last bit or two of a converter."""
    return rng.integers(-2, 3, round(seconds * 16_000)) / 32768


def quiet_room(seconds: float, rng: np.random.Generator) -> Signal:
    """Low noise with hum of 50 Hz and its harmonics."""
    hum = harmonics(np.full(round(seconds * 16_000), 50.0), lambda hz: np.minimum(1.0, 150 / hz), count=6)
    air = shaped_noise(seconds, rng, power_law(-0.6))
    return at_level(air, ROOM_DB + rng.uniform(-6, 6)) + at_level(hum, ROOM_DB + rng.uniform(-6, 8))


def clicks(seconds: float, rng: np.random.Generator) -> Signal:
    """A quiet room where pens, keys and chairs click now and then, loud ones among them."""
    track = quiet_room(seconds, rng)
    for at_s in _moments(seconds, rng, per_second=1.2):
        low_hz = rng.uniform(300, 3000)
        click = shaped_noise(0.08, rng, band(low_hz, low_hz * 2.5)) * stroke(
            0.08, attack_s=0.001, decay_s=rng.uniform(0.003, 0.02)
        )
        put(track, click * 10 ** (rng.uniform(-40, -14) / 20), at_s)
    return track


def coughs(seconds: float, rng: np.random.Generator) -> Signal:
    """A quiet room where people cough, sniff and clear their throats; single coughs and fits of them."""
    track = quiet_room(seconds, rng)
    for at_s in _moments(seconds, rng, per_second=0.3):
        loudness = 10 ** (rng.uniform(-34, -18) / 20)
        for number in range(rng.integers(1, 4)):
            put(track, _cough(rng) * loudness, at_s + number * rng.uniform(0.3, 0.5))
    return track


def knocks(seconds: float, rng: np.random.Generator) -> Signal:
    """A quiet room with steps, knocks and doors: low thuds with a short ring."""
    track = quiet_room(seconds, rng)
    for at_s in _moments(seconds, rng, per_second=1.5):
        pitch_hz = rng.uniform(70, 240)
        length_s = 0.3
        time = times(length_s)
        ring = np.sin(2 * np.pi * pitch_hz * time) + 0.4 * np.sin(2 * np.pi * pitch_hz * rng.uniform(2.1, 2.9) * time)
        thud = ring + 0.3 * shaped_noise(length_s, rng, band(60, 900))
        put(
            track,
            thud
            * stroke(length_s, attack_s=0.002, decay_s=rng.uniform(0.02, 0.08))
            * 10 ** (rng.uniform(-34, -16) / 20),
            at_s,
        )
    return track


def white(seconds: float, rng: np.random.Generator) -> Signal:
    """White noise, soft to loud."""
    return at_level(shaped_noise(seconds, rng, power_law(0)), rng.uniform(-50, -10))


def pink(seconds: float, rng: np.random.Generator) -> Signal:
    """Pink noise, soft to loud."""
    return at_level(shaped_noise(seconds, rng, power_law(-0.5)), rng.uniform(-50, -10))


def swelling(seconds: float, rng: np.random.Generator) -> Signal:
    """Noise that comes and goes like surf, from a few times a minute to once a second."""
    noise = shaped_noise(seconds, rng, power_law(rng.uniform(-1, 0)))
    walk = smooth_walk(seconds, rng, hz=rng.choice([0.15, 0.4, 1.0, 2.0]))
    return at_level(noise, -22) * 10 ** (-45 * (1 - walk) / 20)


def flutter(seconds: float, rng: np.random.Generator) -> Signal:
    """Noise that swells four or five times a second, as often as the syllables of speech."""
    noise = shaped_noise(seconds, rng, band(rng.uniform(200, 400), rng.uniform(1500, 4000)))
    swell = np.abs(np.sin(np.pi * rng.uniform(3, 6) * times(seconds))) ** 2
    return at_level(noise * (0.02 + swell) * (0.3 + smooth_walk(seconds, rng, hz=3)), -24)


def bursts(seconds: float, rng: np.random.Generator) -> Signal:
    """Noise switched on and off: a hand dryer, a drill, an air valve."""
    track = quiet_room(seconds, rng)
    at_s = 0.2
    while at_s < seconds - 0.2:
        length_s = min(float(rng.uniform(0.1, 2.5)), seconds - at_s)
        noise = shaped_noise(length_s, rng, band(rng.uniform(100, 1500), rng.uniform(2000, 7000)))
        put(track, at_level(noise, rng.uniform(-35, -14)) * held(length_s, attack_s=0.01, release_s=0.02), at_s)
        at_s += length_s + rng.uniform(0.1, 1.5)
    return track


def fan(seconds: float, rng: np.random.Generator) -> Signal:
    """A ventilator: rushing air and the tone of its blades."""
    air = shaped_noise(seconds, rng, band(80, rng.uniform(600, 2500), order=1))
    wobble = 1 + 0.01 * smooth_walk(seconds, rng, hz=0.7)
    blades = harmonics(rng.uniform(70, 190) * wobble, lambda hz: np.minimum(1.0, 400 / hz), count=8)
    level_db = rng.uniform(-45, -20)
    return at_level(air, level_db) + at_level(blades, level_db - rng.uniform(4, 14))


def traffic(seconds: float, rng: np.random.Generator) -> Signal:
    """A road: rumble, and cars that come, pass and go with their engines and tyres."""
    track = at_level(shaped_noise(seconds, rng, power_law(-1.0)), rng.uniform(-42, -30))
    for at_s in _moments(seconds, rng, per_second=0.3):
        length_s = rng.uniform(2.5, 7)
        place = times(length_s) / length_s * 2 - 1
        nearness = 1 / (1 + (place * 4) ** 2)
        tyres = shaped_noise(length_s, rng, band(150, rng.uniform(900, 2500), order=1))
        pitch_hz = (
            rng.uniform(45, 130) * (1 - 0.06 * np.tanh(place * 5)) * (1 + 0.02 * smooth_walk(length_s, rng, hz=2))
        )
        engine = harmonics(pitch_hz, lambda hz: np.minimum(1.0, 300 / hz), count=25)
        car = tyres + rng.uniform(0.3, 1.5) * engine / np.sqrt(np.mean(engine**2))
        put(track, car * nearness * 10 ** (rng.uniform(-32, -16) / 20), at_s - length_s / 4 if at_s > 2 else at_s)
    return track


def applause(seconds: float, rng: np.random.Generator) -> Signal:
    """Many hands clapping, from a few to a full hall."""
    track = silence(seconds)
    hands = rng.choice([4, 15, 60])
    for _ in range(hands):
        rate_hz = rng.uniform(2.5, 5.5)
        low_hz = rng.uniform(500, 1500)
        clap = shaped_noise(0.05, rng, band(low_hz, low_hz * 2)) * stroke(0.05, attack_s=0.001, decay_s=0.008)
        clap *= rng.uniform(0.2, 1)
        at_s = rng.uniform(0, 1 / rate_hz)
        while at_s < seconds:
            put(track, clap * rng.uniform(0.7, 1), at_s)
            at_s += max(0.08, rng.normal(1 / rate_hz, 0.02))
    walk = 0.6 + 0.4 * smooth_walk(seconds, rng, hz=0.3)
    return at_level(track * walk, rng.uniform(-32, -16)) + quiet_room(seconds, rng)


def wind(seconds: float, rng: np.random.Generator) -> Signal:
    """Wind in the microphone and around a corner, with a whistling that wanders."""
    rumble = shaped_noise(seconds, rng, power_law(-1.0)) * (0.2 + smooth_walk(seconds, rng, hz=0.8))
    track = at_level(rumble, rng.uniform(-34, -20))
    piece_s = 0.5
    centre = smooth_walk(seconds + 2, rng, hz=0.4)
    for index in range(int(seconds / piece_s * 2) + 1):
        centre_hz = 350 + 900 * centre[min(int(index * piece_s / 2 * 16_000), centre.size - 1)]
        whistle = shaped_noise(piece_s, rng, formants([(centre_hz, 60, 1.0)]))
        put(track, whistle * np.hanning(whistle.size) * 10 ** (-36 / 20), index * piece_s / 2)
    return track


def alarms(seconds: float, rng: np.random.Generator) -> Signal:
    """Telephones, beeping machines and sirens, somewhere near."""
    track = quiet_room(seconds, rng)
    at_s = 0.2
    while at_s < seconds - 0.5:
        loudness, length_s = 10 ** (rng.uniform(-36, -16) / 20), float(rng.uniform(0.8, 2.5))
        time = times(length_s)
        match rng.integers(0, 3):
            case 0:
                pair = np.sin(2 * np.pi * 941 * time) + np.sin(2 * np.pi * rng.choice([1209, 1336, 1477]) * time)
                sound = pair * (np.sin(2 * np.pi * rng.uniform(2, 10) * time) > 0)
            case 1:
                beep = harmonics(np.full(time.size, rng.uniform(700, 2200)), lambda hz: 500 / hz, count=5)
                sound = beep * (np.mod(time, rng.uniform(0.2, 0.6)) < 0.12)
            case _:
                sweep = rng.uniform(500, 900) * (1.3 + 0.5 * np.sin(2 * np.pi * rng.uniform(0.3, 4) * time))
                sound = harmonics(sweep, lambda hz: np.minimum(1, 900 / hz), count=6)
        put(track, faded(sound, 0.01) * loudness, at_s)
        at_s += length_s + rng.uniform(0.2, 2)
    return track


def birds(seconds: float, rng: np.random.Generator) -> Signal:
    """Birds in front of the window: chirps that sweep, trills, cooing."""
    track = at_level(shaped_noise(seconds, rng, power_law(-0.7)), -52)
    for at_s in _moments(seconds, rng, per_second=1.5):
        loudness = 10 ** (rng.uniform(-38, -20) / 20)
        is_dove = rng.random() < 0.25
        length_s = float(rng.uniform(0.25, 0.6) if is_dove else rng.uniform(0.04, 0.15))
        low_hz = rng.uniform(350, 550) if is_dove else rng.uniform(2000, 5000)
        sweep = low_hz * (1 + rng.uniform(-0.15, 0.3) * times(length_s) / length_s)
        chirp = faded(np.sin(2 * np.pi * np.cumsum(sweep) / 16_000), length_s / 3)
        for number in range(rng.integers(1, 3 if is_dove else 7)):
            put(track, chirp * loudness, at_s + number * length_s * 1.3)
    return track


def machine(seconds: float, rng: np.random.Generator) -> Signal:
    """A mower, a drill or a vacuum cleaner whose motor labours: a buzz that changes its pitch and its load."""
    pitch_hz = rng.uniform(60, 300) * (1 + 0.3 * (smooth_walk(seconds, rng, hz=rng.choice([0.3, 1.0, 2.0])) - 0.5))
    buzz = harmonics(pitch_hz, lambda hz: np.minimum(1.0, 1500 / hz), count=40)
    load = 0.5 + smooth_walk(seconds, rng, hz=1)
    air = shaped_noise(seconds, rng, band(300, 5000))
    level_db = rng.uniform(-34, -16)
    return at_level(buzz * load, level_db) + at_level(air, level_db - rng.uniform(0, 12))


def _cough(rng: np.random.Generator) -> Signal:
    """A burst of air through the throat, and the softer one after it."""
    length_s = rng.uniform(0.25, 0.45)
    throat = formants(
        [(rng.uniform(450, 750), 250, 1.0), (rng.uniform(1200, 1700), 350, 0.7), (rng.uniform(2400, 3200), 600, 0.4)]
    )
    first = shaped_noise(length_s, rng, throat) * stroke(length_s, attack_s=0.008, decay_s=rng.uniform(0.04, 0.09))
    second = shaped_noise(length_s, rng, throat) * stroke(length_s, attack_s=0.03, decay_s=0.05)
    cough = silence(2 * length_s)
    put(cough, first, 0)
    put(cough, second * rng.uniform(0.2, 0.5), rng.uniform(0.5, 0.8) * length_s)
    return cough


def _moments(seconds: float, rng: np.random.Generator, *, per_second: float) -> list[float]:
    """Random moments, so many a second."""
    return sorted(rng.uniform(0, seconds, max(1, rng.poisson(seconds * per_second))).tolist())
