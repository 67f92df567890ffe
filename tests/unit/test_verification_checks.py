"""Every way in which a broadcast can be broken is found in the step in which it broke."""

from dataclasses import replace
from pathlib import Path

import lameenc
import pytest

from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord, SourceCaption
from local.report.broadcast import Broadcast
from scripts.verification.checks import check_broadcast
from scripts.verification.evidence import Evidence, ListenerEvidence, SpeakerEvidence, Step
from scripts.verification.latency import hop_latencies


def mp3(path: Path, seconds: float) -> Path:
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(48)
    encoder.set_in_sample_rate(24_000)
    encoder.set_channels(1)
    encoder.silence()
    path.write_bytes(encoder.encode(bytes(2 * int(24_000 * seconds))) + encoder.flush())
    return path


def segment(number: int, clip: Path | None, *, fate: Fate = Fate.PLAYED, duration_s: float = 2.0) -> HeardSegment:
    """Spoken for two seconds each, committed 700 ms later, received after 50, on hand after 80, heard after 20 more."""
    start_ms = 2_000 * number
    return HeardSegment(
        number=number,
        text="hasta la vista",
        source_text="see you later",
        spoken_start_ms=start_ms,
        spoken_end_ms=start_ms + 2_000,
        committed_at_epoch_ms=1_000_000 + start_ms + 2_700,
        received_at=100.0 + (start_ms + 2_750) / 1000,
        download_ms=80,
        played_at=100.0 + (start_ms + 2_850) / 1000,
        tempo=1.0,
        duration_s=duration_s,
        fate=fate,
        translated=True,
        clip=clip,
    )


def captions(count: int) -> tuple[SourceCaption, ...]:
    return tuple(SourceCaption(number=number, text="see you later", received_at=0.0) for number in range(count))


def listener(segments: tuple[HeardSegment, ...], *, heard: int = 3) -> ListenerEvidence:
    record = ListenerRecord(
        language="es",
        source_language="en",
        first_number=0,
        segments=segments,
        captions=captions(heard),
        redelivered=0,
        reconnections=0,
        joined_at=99.0,
        end_reason="ended by the speaker",
    )
    return ListenerEvidence(
        record=record, arrivals=tuple(each.number for each in segments), told_after_end=0, is_spoken=True
    )


def evidence(*listeners: ListenerEvidence) -> Evidence:
    return Evidence(
        session_id="joyful-hope-911",
        broadcast=Broadcast(
            audio_path="speech.wav",
            audio_duration_ms=6_000,
            source_language="en",
            first_sample_at=100.0,
            first_sample_epoch_ms=1_000_000,
            captions=captions(3),
            listeners=tuple(each.record for each in listeners),
        ),
        speaker=SpeakerEvidence(
            captured_at=(100.25, 100.5),
            acknowledged_at={0: 100.27, 1: 100.53},
            resent=0,
            captions=captions(3),
            notices=(),
            end_reason="ended by the speaker",
        ),
        listeners=listeners,
        failure=None,
        state_afterwards="ended",
    )


@pytest.fixture
def segments(tmp_path: Path) -> tuple[HeardSegment, ...]:
    return tuple(segment(number, mp3(tmp_path / f"{number}.mp3", 2.0)) for number in range(3))


def failed(seen: Evidence) -> set[Step]:
    return {finding.step for finding in check_broadcast(seen) if not finding.passed}


def test_a_whole_broadcast_passes_every_step(segments: tuple[HeardSegment, ...]) -> None:
    assert failed(evidence(listener(segments))) == set()


def test_a_hole_is_found(segments: tuple[HeardSegment, ...]) -> None:
    findings = check_broadcast(evidence(listener((segments[0], segments[2]))))
    (found,) = (finding for finding in findings if not finding.passed)
    assert found.name == "segments, es"
    assert found.detail == "1 of 3 missing"


def test_words_that_are_said_twice_are_found(segments: tuple[HeardSegment, ...]) -> None:
    again = replace(segments[2], spoken_start_ms=segments[1].spoken_start_ms, spoken_end_ms=segments[1].spoken_end_ms)
    assert failed(evidence(listener((segments[0], segments[1], again)))) == {Step.SEGMENTS}


def test_the_source_text_is_no_translation(segments: tuple[HeardSegment, ...]) -> None:
    untranslated = replace(segments[1], translated=False)
    assert failed(evidence(listener((segments[0], untranslated, segments[2])))) == {Step.SEGMENTS}


@pytest.mark.parametrize(
    ("seconds", "bad", "detail"),
    [
        (2.0, segment(1, None, fate=Fate.TEXT_ONLY), "segment 1 has no clip"),
        (None, segment(1, None, fate=Fate.FAILED), "could not be downloaded"),
        (2.0, segment(1, None, duration_s=1.0), "was announced as 1.00 s"),
        (0.1, segment(1, None, duration_s=0.1), "says 14 characters"),
    ],
)
def test_a_clip_that_cannot_be_heard_as_promised_is_found(
    segments: tuple[HeardSegment, ...], tmp_path: Path, seconds: float | None, bad: HeardSegment, detail: str
) -> None:
    clip = None if seconds is None else mp3(tmp_path / "bad.mp3", seconds)
    findings = check_broadcast(evidence(listener((segments[0], replace(bad, clip=clip), segments[2]))))
    (found,) = (finding for finding in findings if not finding.passed)
    assert found.name == "clips, es"
    assert detail in found.detail


def test_a_language_without_a_voice_needs_no_clip(segments: tuple[HeardSegment, ...]) -> None:
    read = tuple(replace(each, fate=Fate.TEXT_ONLY, clip=None, played_at=None, download_ms=None) for each in segments)
    assert failed(evidence(replace(listener(read), is_spoken=False))) == set()


def test_a_wrong_order_is_found(segments: tuple[HeardSegment, ...]) -> None:
    assert failed(evidence(replace(listener(segments), arrivals=(0, 2, 1)))) == {Step.ORDER}
    assert failed(evidence(replace(listener(segments), told_after_end=1))) == {Step.ORDER}


def test_a_chunk_that_is_not_acknowledged_is_found(segments: tuple[HeardSegment, ...]) -> None:
    seen = evidence(listener(segments))
    lost = replace(seen, speaker=replace(seen.speaker, acknowledged_at={0: 100.27}))
    assert failed(lost) == {Step.AUDIO}


def test_an_end_that_nobody_was_told_of_is_found(segments: tuple[HeardSegment, ...]) -> None:
    seen = evidence(listener(segments))
    assert failed(replace(seen, speaker=replace(seen.speaker, end_reason=None))) == {Step.END}
    assert failed(replace(seen, state_afterwards="live")) == {Step.END}
    assert failed(replace(seen, failure="the session has not ended within 120 s")) == {Step.END}


def test_a_missing_caption_is_found(segments: tuple[HeardSegment, ...]) -> None:
    assert failed(evidence(listener(segments, heard=2))) == {Step.CAPTIONS}


def test_nothing_recognised_fails_what_depends_on_it() -> None:
    seen = evidence(listener((), heard=0))
    silent = replace(seen, broadcast=replace(seen.broadcast, captions=()), speaker=replace(seen.speaker, captions=()))
    assert failed(silent) == {Step.CAPTIONS, Step.SEGMENTS, Step.CLIPS, Step.ORDER}


def test_every_hop_is_timed(segments: tuple[HeardSegment, ...]) -> None:
    hops = {hop.name.split()[0]: hop for hop in hop_latencies(evidence(listener(segments)))}
    assert {name: round(hop.p50_ms) for name, hop in hops.items()} == {
        "acknowledge": 25,
        "commit": 700,
        "notify": 50,
        "download": 80,
        "play": 20,
        "end": 850,
    }
    assert hops["acknowledge"].count == 2
    assert hops["end"].count == 3
