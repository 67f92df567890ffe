"""One listener of many: when each clause reaches their device, and when they hear it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.capacity.calibration import Surroundings
from benchmarks.capacity.resources import Chance
from benchmarks.capacity.tally import Delivered
from benchmarks.latency.speech import SpokenWord
from benchmarks.span.wifi import ConnectionWay, Wifi
from local.client.playback import Fate, Playback

_NOTICE_BYTES: Final = 700
_CLIP_BYTES_PER_S: Final = 6_000
"""Source: these two are `infrastructure.costs.Assumptions`'."""
_REQUEST_BYTES: Final = 800
_LONGEST_BREATH_S: Final = 1.0
"""Of the time before a clause, so much counts as the speaker's. Source: `babelcast.usecases.speech_tools`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClauseHeard:
    """A clause at one listener; all in seconds after its last word was spoken.

    Attributes:
        told_s: Until its text is on the screen; None when it has to be asked for.
        ear_s: Until its clip begins to sound; None when it is not heard.
        caption_spans_s: For each word, from its end until it is on the screen.
        ear_spans_s: For each word, from its end until the end of its translation is heard.
        is_skipped: It was left out to catch up.
    """

    told_s: float | None
    ear_s: float | None
    caption_spans_s: tuple[float, ...]
    ear_spans_s: tuple[float, ...]
    is_skipped: bool


@dataclass(slots=True, kw_only=True)
class _Arrival:
    delivered: Delivered
    told_at: float
    ready_at: float | None
    clip_s: float


def listen(
    delivered: Sequence[Delivered],
    words: Sequence[SpokenWord],
    *,
    spoken_from: float,
    surroundings: Surroundings,
    seed: str,
) -> tuple[ClauseHeard, ...]:
    """What one listener of a session and language has of its clauses, in their order.

    Args:
        delivered: The session's clauses in the listener's language, by number.
        words: What was said.
        spoken_from: When the first sample was.
        surroundings: The listener's network among them.
        seed: The listener's luck.
    """
    chance = random.Random(f"{seed} rank")
    times = Chance(seed)
    wifi = Wifi(surroundings.listener_network, seed=chance.getrandbits(32))
    socket, requests, downloads = ConnectionWay(wifi), ConnectionWay(wifi), ConnectionWay(wifi)
    playback = Playback()
    arrivals: dict[int, _Arrival] = {}
    end_s = 0.0
    for each in delivered:
        clip_s = _clip_s(each, before_s=each.clause.start_s - end_s, surroundings=surroundings)
        end_s = each.clause.end_s
        posted_at = _posted_at(each, chance)
        if posted_at is None:
            continue
        told_at = socket.there_at(posted_at, _NOTICE_BYTES)
        ready_at = None
        if each.is_spoken:
            asked_at = requests.there_at(told_at, _REQUEST_BYTES)
            begun_at = asked_at + times.seconds("clip", surroundings.platform.clip_first_byte)
            ready_at = downloads.there_at(begun_at, round(clip_s * _CLIP_BYTES_PER_S))
        arrivals[each.clause.number] = _Arrival(delivered=each, told_at=told_at, ready_at=ready_at, clip_s=clip_s)
    _play(playback, arrivals)
    return tuple(_heard(each, arrivals.get(each.clause.number), playback, words, spoken_from) for each in delivered)


def _posted_at(delivered: Delivered, chance: random.Random) -> float | None:
    ranks = [chance.random() for _ in delivered.tellings]
    told = (telling.told_at(rank) for telling, rank in zip(delivered.tellings, ranks, strict=True))
    return next((at for at in told if at is not None), None)


def _clip_s(delivered: Delivered, *, before_s: float, surroundings: Surroundings) -> float:
    """A voice is made as quick as it has to be, up to a limit, to take no longer than the speaker."""
    spoken_s = delivered.clause.spoken_s
    own_s = spoken_s * surroundings.voice_expansion
    available_s = spoken_s + min(_LONGEST_BREATH_S, max(0.0, before_s))
    return max(own_s / surroundings.longest_pace, min(own_s, available_s))


def _play(playback: Playback, arrivals: dict[int, _Arrival]) -> None:
    events = [(each.told_at, 0, number) for number, each in arrivals.items()]
    events += [(each.ready_at, 1, number) for number, each in arrivals.items() if each.ready_at is not None]
    for at, kind, number in sorted(events):
        arrival = arrivals[number]
        if kind:
            playback.downloaded(number, at)
        else:
            duration_s = arrival.clip_s if arrival.delivered.is_spoken else None
            committed_at = arrival.delivered.committed_at
            playback.announce(number, received_at=at, committed_at=committed_at, duration_s=duration_s)
    playback.advance(float("inf"))


def _heard(
    delivered: Delivered,
    arrival: _Arrival | None,
    playback: Playback,
    words: Sequence[SpokenWord],
    spoken_from: float,
) -> ClauseHeard:
    clause = delivered.clause
    if arrival is None:
        return ClauseHeard(told_s=None, ear_s=None, caption_spans_s=(), ear_spans_s=(), is_skipped=False)
    told_s = arrival.told_at - spoken_from - clause.end_s
    ends_s = [word.end_ms / 1000 for word in words[slice(*clause.words)]]
    clip = playback.clips[clause.number]
    ear_s, ear_spans_s = None, []
    if clip.played_at is not None:
        ear_s = clip.played_at - spoken_from - clause.end_s
        for end_s in ends_s:
            part = (end_s - clause.start_s) / clause.spoken_s if clause.spoken_s else 1.0
            ear_spans_s.append(clip.played_at + part * clip.heard_s - spoken_from - end_s)
    return ClauseHeard(
        told_s=told_s,
        ear_s=ear_s,
        caption_spans_s=tuple(arrival.told_at - spoken_from - end_s for end_s in ends_s),
        ear_spans_s=tuple(ear_spans_s),
        is_skipped=clip.fate is Fate.SKIPPED,
    )
