"""What bad sound costs in words, in short, and how well the times of words tell the pace."""

import pytest

from benchmarks.signal.words import NOTHING, damages, hear_words


@pytest.mark.slow
async def test_noise_costs_words() -> None:
    words = await hear_words(("rms",), 3, list(damages((20,), (0.003,))), ())
    wrong = {each.damage: each.mean_percent for each in words.errors}
    assert wrong[NOTHING] < 20
    assert wrong["white noise at 20 dB"] > wrong[NOTHING] + 30
    assert wrong["0.3% clipped"] < wrong[NOTHING] + 30


@pytest.mark.slow
async def test_the_pace_is_right_within_a_tenth_at_three_speeds_by_the_words_that_the_recogniser_hears() -> None:
    words = await hear_words(("rms",), 3, (), (0.75, 1.0, 1.4))
    errors_percent = [error for each in words.paces for error in each.by_voice["rms"]]
    assert len(errors_percent) == 3
    assert max(map(abs, errors_percent)) <= 10, errors_percent
