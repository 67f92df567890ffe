"""What the sound of a voice does: bad sound is told to the speaker, and a manner of speaking reaches the listeners."""

import pytest

from benchmarks.signal.telling import CLEAN, broken_sounds, tell
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]


async def test_each_speaker_is_told_what_is_wrong_with_the_sound_and_nothing_else(system: System) -> None:
    """How soon is asserted of the audio (`tests/unit/test_signal_benchmark.py`), as warnings tell no place in it."""
    told = await tell(system.stack.endpoints, broken_sounds(9.0))
    assert [(each.issue, each.resolved) for each in told.pop(CLEAN)] == []
    assert {sound: {each.issue for each in warned} for sound, warned in told.items()} == {
        sound: {sound} for sound in told
    }
    assert not any(each.resolved for warned in told.values() for each in warned)
