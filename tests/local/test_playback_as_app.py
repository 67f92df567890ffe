"""The command line's model of a listener hears what the listeners' app plays, when it plays it and as fast."""

import math
import random
from dataclasses import replace

import pytest

from benchmarks.span.playing import ArrivedClip, play_as_app
from local.client.playback import Playback


def arrived(number: int, *, at: float, lasting: float, takes_s: float | None = 0.2) -> ArrivedClip:
    """A clip that was committed 100 ms before it was told."""
    return ArrivedClip(
        number=number,
        spoken_s=(0.0, 0.0),
        told_at=at,
        ready_at=None if takes_s is None else at + takes_s,
        committed_at=at - 0.1,
        duration_s=lasting,
        words=(),
    )


def talk(stretch: float, *, clauses: int, away: tuple[float, float] = (math.inf, math.inf)) -> list[ArrivedClip]:
    """Clauses of 1 to 3 s without a pause, clips ``stretch`` times as long; what is missed comes when it is over."""
    chance = random.Random(7)
    clips, at = [], 1.0
    for number in range(clauses):
        spoken_s = chance.uniform(1.0, 3.0)
        at += spoken_s
        told_at = away[1] + 0.001 * number if away[0] <= at < away[1] else at
        clip = arrived(number, at=told_at, lasting=spoken_s * stretch)
        clips.append(replace(clip, committed_at=at - 0.1))
    return clips


def heard_by_the_model(clips: list[ArrivedClip]) -> dict[int, tuple[float, float]]:
    """Start and tempo of each clip that was heard, by its number."""
    playback = Playback()
    playback.begin(min(each.number for each in clips))
    events = [(each.told_at, 0, each) for each in clips]
    events += [(each.told_at if each.ready_at is None else each.ready_at, 1, each) for each in clips]
    for at, kind, each in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            playback.announce(each.number, received_at=at, committed_at=each.committed_at, duration_s=each.duration_s)
        elif each.ready_at is None:
            playback.failed(each.number, at)
        else:
            playback.downloaded(each.number, at)
    playback.advance(math.inf)
    return {
        number: (clip.played_at, clip.tempo) for number, clip in playback.clips.items() if clip.played_at is not None
    }


WITH_A_HOLE = [arrived(number, at=2.0 * number, lasting=1.9) for number in range(12) if number != 3]
WITH_ONE_THAT_CANNOT_BE_HAD = [
    arrived(number, at=2.0 * number, lasting=1.9, takes_s=None if number == 3 else 0.2) for number in range(8)
]
WITH_A_SLOW_DOWNLOAD = [
    arrived(number, at=2.0 * number, lasting=1.9, takes_s=30.0 if number == 3 else 0.2) for number in range(20)
]


@pytest.mark.parametrize(
    ("clips", "within_s", "tempo_within"),
    [
        pytest.param(talk(1.1, clauses=60), 0.05, 0.01, id="a delay that stands"),
        pytest.param(talk(1.0, clauses=60, away=(20.0, 50.0)), 0.05, 0.01, id="half a minute without network"),
        pytest.param(WITH_ONE_THAT_CANNOT_BE_HAD, 0.05, 0.01, id="a clip that cannot be had"),
        # Where something comes within the 1.5 s by which the app decides before the sound, it sees a clip less.
        pytest.param(talk(1.5, clauses=100), 0.5, 0.1, id="more than can be heard"),
        pytest.param(talk(1.0, clauses=80, away=(20.0, 115.0)), 0.5, 0.1, id="a minute and a half without network"),
        pytest.param(WITH_A_HOLE, 0.5, 0.1, id="a hole"),
        pytest.param(WITH_A_SLOW_DOWNLOAD, 0.8, 0.1, id="a slow download"),
    ],
)
def test_the_model_hears_what_the_app_plays(clips: list[ArrivedClip], within_s: float, tempo_within: float) -> None:
    app = {each.clip.number: (each.started_at, each.tempo) for each in play_as_app(clips).clips}
    model = heard_by_the_model(clips)
    assert set(model) == set(app)
    for number, (started_at, tempo) in app.items():
        assert model[number][0] == pytest.approx(started_at, abs=within_s)
        assert model[number][1] == pytest.approx(tempo, abs=tempo_within)
