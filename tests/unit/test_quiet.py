"""The guess when the speaker has finished."""

import random
from array import array

from babelcast.domain.quiet import Quiet


def tone(samples: int, peak: int) -> bytes:
    return array("h", [peak if index % 16 < 8 else -peak for index in range(samples)]).tobytes()


def noise(samples: int, peak: int) -> bytes:
    rng = random.Random(1)
    return array("h", [rng.randint(-peak, peak) for _ in range(samples)]).tobytes()


def test_quiet_is_counted_from_the_last_sound() -> None:
    quiet = Quiet().after(tone(8_000, 8_000) + bytes(2 * 3_200))
    assert quiet.samples == 3_200
    assert quiet.after(bytes(2 * 4_000)).samples == 7_200
    assert quiet.after(tone(320, 8_000)).samples == 0


def test_it_does_not_matter_how_the_audio_is_cut() -> None:
    speech = tone(8_000, 8_000) + bytes(2 * 6_400)
    cut = Quiet()
    for start in range(0, len(speech), 640 * 2):
        cut = cut.after(speech[start : start + 640 * 2])
    assert cut == Quiet().after(speech)


def test_a_murmuring_room_is_quiet_after_loud_speech_and_a_loud_one_never_is() -> None:
    speech = tone(16_000, 12_000)
    assert Quiet().after(speech + noise(6_400, 800)).samples == 6_400
    assert Quiet().after(speech + noise(6_400, 4_000)).samples == 0


def test_loud_speech_is_forgotten() -> None:
    quiet = Quiet().after(tone(16_000, 20_000) + noise(16_000 * 40, 1_500))
    assert quiet.samples == 0
