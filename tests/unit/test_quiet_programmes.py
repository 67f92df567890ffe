"""The sounds of the quiet benchmark: as long and as loud as they are said to be, and the same every time."""

import itertools

import numpy as np
import pytest

from benchmarks.quiet.programmes import PARTS, Kind, Make, compose
from benchmarks.quiet.report import EngineReport, SessionReport
from local.stack import Engine

RATE_HZ = 16_000


@pytest.mark.parametrize("make", [make for makes in PARTS.values() for make in makes], ids=lambda make: make.__name__)
def test_every_sound_has_its_length_and_no_more_than_full_scale(make: Make) -> None:
    for seconds in (4.0, 7.3):
        sound = make(seconds, np.random.default_rng(5))
        assert abs(sound.size - seconds * RATE_HZ) <= 1
        assert np.isfinite(sound).all()
        assert np.sqrt(np.mean(sound**2)) < 0.4
        assert np.mean(np.abs(sound) > 1) < 0.02


@pytest.mark.parametrize("kind", list(Kind))
def test_a_programme_is_the_same_for_the_same_seed_only(kind: Kind) -> None:
    first, again, other = (compose(kind, 20.0, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.pcm != other.pcm
    assert len(first.pcm) == 20 * RATE_HZ * 2


@pytest.mark.parametrize("kind", list(Kind))
def test_a_long_programme_has_every_part(kind: Kind) -> None:
    seconds = 5.0 * len(PARTS[kind])
    programme = compose(kind, seconds, seed=1)
    assert [part.name for part in programme.parts] == [make.__name__ for make in PARTS[kind]]
    assert programme.parts[-1].end == pytest.approx(seconds)
    assert all(after.start == pytest.approx(before.end) for before, after in itertools.pairwise(programme.parts))


def session(**changes: object) -> SessionReport:
    fields: dict[str, object] = {
        "kind": Kind.MUSIC,
        "seconds": 60.0,
        "segments": 0,
        "captions": 0,
        "heard": (),
        "sentence": "The bridge will be closed.",
        "sentence_heard": "the bridge will be closed",
        "sentence_segments": 1,
    }
    return SessionReport(**{**fields, **changes})  # type: ignore[arg-type]


def engine(one: SessionReport, *, before: int = 0, in_all: int = 1, streams: int = 1) -> EngineReport:
    counters = [
        {"transcribe": {"opened": streams}, "translate": {"requests": count}, "polly": {"requests": count}}
        for count in (before, in_all)
    ]
    return EngineReport(engine=Engine.SPEECH, sessions=(one,), before_speech=counters[0], in_all=counters[1])


def test_silence_and_a_heard_sentence_are_well() -> None:
    assert engine(session()).problems == []


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (engine(session(segments=1, captions=3)), "1 segments and 3 captions"),
        (engine(session(captions=1)), "captions"),
        (engine(session(sentence_heard="", sentence_segments=0), in_all=0), "not heard"),
        (engine(session(sentence_heard="the british will pay for clothes")), "not heard"),
        (engine(session(), before=1), "before anybody spoke"),
        (engine(session(), in_all=2), "2 translate requests for 1 segments"),
        (engine(session(), streams=2), "2 Transcribe streams"),
    ],
)
def test_everything_else_is_a_problem(report: EngineReport, words: str) -> None:
    assert any(words in problem for problem in report.problems)
