"""What bad sound costs in words, in short."""

import pytest

from benchmarks.signal.words import NOTHING, damages, hear_words


@pytest.mark.slow
async def test_noise_costs_words_and_the_pace_is_known_from_the_words_times() -> None:
    words = await hear_words(("rms",), 3, list(damages((20,), (0.003,))), (0.75, 1.4))
    wrong = {each.damage: each.mean_percent for each in words.errors}
    assert wrong[NOTHING] < 20
    assert wrong["white noise at 20 dB"] > wrong[NOTHING] + 30
    assert wrong["0.3% clipped"] < wrong[NOTHING] + 30
    assert [problem for each in words.paces for problem in each.problems] == []
