"""The latency benchmark measures from the truth about the speech, and sees what is lost."""

from pathlib import Path

import pytest

from benchmarks.latency.function_metrics import FunctionMetrics, read_metrics
from benchmarks.latency.measurement import Hop, hop_times, segment_times
from benchmarks.latency.speech import SpokenWord, fluent_speech, natural_speech
from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord
from local.report.broadcast import Broadcast

SPOKEN = tuple(SpokenWord(word=word, start_ms=at, end_ms=at + 200) for at, word in ((0, "river"), (300, "stone")))


def broadcast(*texts: str) -> Broadcast:
    """Segments that are told two seconds after the first sample, fetched 100 ms and heard 150 ms later."""
    segments = tuple(
        HeardSegment(
            number=number,
            text=text,
            source_text=text,
            spoken_start_ms=0,
            spoken_end_ms=999,
            committed_at_epoch_ms=0,
            received_at=12.0,
            download_ms=100,
            played_at=12.15,
            tempo=1.0,
            duration_s=1.0,
            fate=Fate.PLAYED,
            translated=True,
            clip=None,
        )
        for number, text in enumerate(texts)
    )
    listener = ListenerRecord(
        language="es",
        source_language="en",
        first_number=0,
        segments=segments,
        captions=(),
        redelivered=0,
        reconnections=0,
        joined_at=0.0,
        end_reason="ended",
    )
    return Broadcast(
        audio_path="tones",
        audio_duration_ms=500,
        source_language="en",
        first_sample_at=10.0,
        first_sample_epoch_ms=0,
        captions=(),
        listeners=(listener,),
    )


def test_times_run_from_the_true_end_of_the_last_word() -> None:
    (times,), wrong = segment_times(broadcast("river stone."), SPOKEN)
    assert wrong == 0
    assert (times.notified_ms, times.fetched_ms, times.played_ms) == (1500, 1600, 1650)
    assert times.word_delays_ms == (1800, 1500)


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        (["river stone."], 0),
        (["river.", "stone."], 0),
        (["river."], 1),
        ([], 2),
        (["river stone stone."], 1),
        (["stone river."], 2),
        (["river~ stone."], 1),
    ],
)
def test_words_that_are_lost_doubled_moved_or_cut_are_counted(texts: list[str], wrong: int) -> None:
    assert segment_times(broadcast(*texts), SPOKEN)[1] == wrong


def test_the_hops_add_up_to_the_whole() -> None:
    segments, _ = segment_times(broadcast("river stone."), SPOKEN)
    names = ("StreamLatency", "TranscriptionLatency", "RenderLatency", "CommitLatency", "NotificationLatency")
    metrics = FunctionMetrics(durations_ms={name: [100.0 * number] for number, name in enumerate(names, start=1)})
    hops = {each.hop: each.p50_ms for each in hop_times(segments, metrics)}
    assert hops[Hop.SENT] == 0
    assert hops[Hop.TOLD] == 500
    assert (hops[Hop.FETCHED], hops[Hop.PLAYED]) == (100, 50)


def test_a_hop_that_cannot_be_told_apart_has_no_time() -> None:
    segments, _ = segment_times(broadcast("river stone."), SPOKEN)
    assert {each.p50_ms for each in hop_times(segments, FunctionMetrics()) if each.hop is Hop.SENT} == {None}


def test_metrics_are_read_from_a_functions_log(tmp_path: Path) -> None:
    log = tmp_path / "functions" / "audio_processor_0.log"
    log.parent.mkdir()
    log.write_text(
        "START RequestId: 1\n"
        '{"_aws":{"CloudWatchMetrics":[{"Metrics":[{"Name":"TTSLatency","Unit":"Milliseconds"},'
        '{"Name":"Replays","Unit":"Count"}]}]},"TTSLatency":[3.0,4.0],"Replays":[2.0]}\n'
        "REPORT RequestId: 1\tDuration: 12.5 ms\n"
    )
    metrics = read_metrics(tmp_path, "audio_processor")
    assert metrics.durations_ms == {"TTSLatency": [3.0, 4.0]}
    assert metrics.counts == {"Replays": 2}
    assert metrics.invocations_ms == [12.5]


def test_natural_speech_is_the_same_for_a_seed_and_has_pauses_of_every_kind() -> None:
    speech = natural_speech(120, seed=4)
    assert speech == natural_speech(120, seed=4)
    assert speech != natural_speech(120, seed=5)
    pauses_ms = [after.start_ms - before.end_ms for before, after in zip(speech.words, speech.words[1:], strict=False)]
    assert min(pauses_ms) < 100
    assert any(150 < each < 400 for each in pauses_ms)
    assert max(pauses_ms) > 1000
    assert 120 <= len(speech.pcm) / 32_000 < 130


def test_fluent_speech_has_none() -> None:
    speech = fluent_speech(30, seed=4)
    assert (
        max(after.start_ms - before.end_ms for before, after in zip(speech.words, speech.words[1:], strict=False)) < 100
    )
