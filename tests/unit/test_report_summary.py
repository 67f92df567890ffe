"""A broadcast's numbers: honest latencies, losses and repetitions."""

import json
from pathlib import Path

import pytest

from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord, SourceCaption
from local.report.broadcast import Broadcast
from local.report.summary import count_duplicated, count_lost, known_numbers, summarise

STARTED_AT = 1_000.0
STARTED_EPOCH_MS = 1_795_000_000_000


def heard(
    number: int,
    *,
    spoken: tuple[int, int] | None = None,
    latency_ms: int | None = 2_000,
    fate: Fate = Fate.PLAYED,
    clip: Path | None = None,
) -> HeardSegment:
    start_ms, end_ms = spoken or (number * 4_000, number * 4_000 + 3_000)
    played_at = None if latency_ms is None or fate is not Fate.PLAYED else STARTED_AT + (end_ms + latency_ms) / 1000
    return HeardSegment(
        number=number,
        text=f"texto {number}",
        source_text=f"text {number}",
        spoken_start_ms=start_ms,
        spoken_end_ms=end_ms,
        committed_at_epoch_ms=STARTED_EPOCH_MS + end_ms + 900,
        received_at=STARTED_AT + (end_ms + 1_000) / 1000,
        download_ms=50,
        played_at=played_at,
        tempo=1.0,
        duration_s=2.5,
        fate=fate,
        translated=True,
        clip=clip,
    )


def listener(
    *segments: HeardSegment, language: str = "es", first: int = 0, captions: tuple[int, ...] = (), redelivered: int = 0
) -> ListenerRecord:
    return ListenerRecord(
        language=language,
        source_language="en",
        first_number=first,
        segments=segments,
        captions=tuple(caption(number) for number in captions),
        redelivered=redelivered,
        reconnections=0,
        joined_at=STARTED_AT,
        end_reason="ended",
    )


def caption(number: int) -> SourceCaption:
    return SourceCaption(number=number, text=f"caption {number}", received_at=STARTED_AT + 1)


def broadcast(*listeners: ListenerRecord, captions: tuple[int, ...] = ()) -> Broadcast:
    return Broadcast(
        audio_path="samples/speech-en.wav",
        audio_duration_ms=12_000,
        source_language="en",
        first_sample_at=STARTED_AT,
        first_sample_epoch_ms=STARTED_EPOCH_MS,
        captions=tuple(caption(number) for number in captions),
        listeners=listeners,
    )


def test_times_count_from_the_first_sample(tmp_path: Path) -> None:
    clip = tmp_path / "clips" / "es" / "00000000.mp3"
    summary = summarise(broadcast(listener(heard(0, spoken=(500, 3_200), latency_ms=2_400, clip=clip))), tmp_path)
    assert summary.as_json() == {
        "audio": {"path": "samples/speech-en.wav", "durationMs": 12_000},
        "sourceLanguage": "en",
        "segments": [
            {
                "segment": 0,
                "sourceText": "text 0",
                "spokenStartMs": 500,
                "spokenEndMs": 3_200,
                "committedAtMs": 4_100,
                "languages": {
                    "es": {
                        "text": "texto 0",
                        "audioPath": "clips/es/00000000.mp3",
                        "durationMs": 2_500,
                        "receivedAtMs": 4_200,
                        "playedAtMs": 5_600,
                        "latencyMs": 2_400,
                    }
                },
            }
        ],
        "latencyMs": {"p50": 2_400, "p95": 2_400},
        "listeners": 1,
        "lost": 0,
        "duplicated": 0,
    }


def test_the_file_is_json_with_letters_as_they_are(tmp_path: Path) -> None:
    summary = summarise(broadcast(listener(heard(0))), tmp_path)
    summary.save(tmp_path / "summary.json")
    assert json.loads((tmp_path / "summary.json").read_text(encoding="utf-8")) == summary.as_json()


def test_percentiles_are_over_every_listener_and_segment(tmp_path: Path) -> None:
    spanish = listener(*(heard(number, latency_ms=1_000) for number in range(10)))
    french = listener(*(heard(number, latency_ms=3_000) for number in range(10)), language="fr")
    summary = summarise(broadcast(spanish, french), tmp_path)
    assert (summary.latency_p50_ms, summary.latency_p95_ms) == (2_000, 3_000)
    assert list(summary.segments[0].languages) == ["es", "fr"]


def test_nothing_heard_has_no_latency(tmp_path: Path) -> None:
    summary = summarise(broadcast(listener()), tmp_path)
    assert summary.as_json()["latencyMs"] == {"p50": None, "p95": None}
    assert summary.segments == ()
    assert summary.lost == 0


def test_a_segment_that_only_another_listener_got_is_lost(tmp_path: Path) -> None:
    summary = summarise(broadcast(listener(heard(0), heard(1)), listener(heard(0), language="fr")), tmp_path)
    assert summary.lost == 1
    assert list(summary.segments[1].languages) == ["es"]


def test_a_segment_that_only_the_speaker_saw_is_lost_for_every_listener(tmp_path: Path) -> None:
    both = broadcast(listener(heard(0)), listener(heard(0), language="fr"), captions=(0, 1))
    summary = summarise(both, tmp_path)
    assert summary.lost == 2
    assert summary.segments[1].source_text == "caption 1"
    assert summary.segments[1].spoken_end_ms is None
    assert summary.segments[1].languages == {}


def test_numbers_below_the_highest_known_are_lost_even_if_nobody_saw_them(tmp_path: Path) -> None:
    assert summarise(broadcast(listener(heard(0), heard(3))), tmp_path).lost == 2


def test_a_listener_who_joined_later_has_not_lost_what_came_before() -> None:
    late = listener(heard(2), heard(3), first=2)
    known = known_numbers(broadcast(listener(*(heard(number) for number in range(4))), late))
    assert known == range(4)
    assert count_lost(late, known) == 0


@pytest.mark.parametrize(
    ("fate", "lost"), [(Fate.FAILED, 1), (Fate.SKIPPED, 1), (Fate.PENDING, 1), (Fate.TEXT_ONLY, 0)]
)
def test_a_promised_clip_that_was_not_heard_is_lost(fate: Fate, lost: int) -> None:
    assert count_lost(listener(heard(0, fate=fate)), range(1)) == lost


def test_the_same_clause_under_two_numbers_is_duplicated() -> None:
    assert count_duplicated([heard(0, spoken=(0, 3_000)), heard(1, spoken=(0, 3_000))]) == 1
    assert count_duplicated([heard(0, spoken=(0, 3_000)), heard(1, spoken=(500, 2_500))]) == 1
    assert (
        count_duplicated(
            [heard(0, spoken=(0, 9_000)), heard(1, spoken=(4_000, 8_000)), heard(2, spoken=(7_900, 12_000))]
        )
        == 1
    )


def test_clauses_that_touch_are_not_duplicated() -> None:
    assert (
        count_duplicated(
            [heard(0, spoken=(0, 3_000)), heard(1, spoken=(2_900, 5_000)), heard(2, spoken=(5_000, 6_000))]
        )
        == 0
    )


def test_what_was_dropped_unheard_is_not_duplicated(tmp_path: Path) -> None:
    summary = summarise(broadcast(listener(heard(0), redelivered=3)), tmp_path)
    assert summary.duplicated == 0
    assert summary.redelivered == 3
