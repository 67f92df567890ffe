"""The soak's judge sees every kind of damage and names it; a judge that cannot fail proves nothing."""

import random
from pathlib import Path

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.soak.verdict import Damage, compare, count_missing, count_overtaken, judge, words_heard, words_written
from local.client.playback import Fate
from local.client.record import HeardSegment, ListenerRecord, SourceCaption
from local.engines.speech import SPEAKER_RATE_HZ
from local.engines.tone_alphabet import WORDS, speak_tones
from local.report.broadcast import Broadcast

SPOKEN = WORDS[:12]


def damage(received: list[str]) -> tuple[int, int, int, int]:
    found = compare(SPOKEN, received)
    return found.lost, found.extra, found.cut, found.moved


def test_the_same_words_are_no_damage() -> None:
    assert compare(SPOKEN, SPOKEN) == Damage()


def test_a_missing_word_is_lost() -> None:
    assert damage([*SPOKEN[:4], *SPOKEN[5:]]) == (1, 0, 0, 0)


def test_nothing_at_all_is_everything_lost() -> None:
    assert damage([]) == (len(SPOKEN), 0, 0, 0)


def test_a_repeated_word_is_extra() -> None:
    assert damage([*SPOKEN[:5], SPOKEN[4], *SPOKEN[5:]]) == (0, 1, 0, 0)


def test_a_repeated_sentence_is_extra() -> None:
    assert damage([*SPOKEN[:6], *SPOKEN[2:6], *SPOKEN[6:]]) == (0, 4, 0, 0)


def test_an_invented_word_is_extra() -> None:
    assert damage([*SPOKEN, WORDS[20]]) == (0, 1, 0, 0)


def test_another_word_in_place_of_one_is_lost_and_extra() -> None:
    assert damage([*SPOKEN[:4], WORDS[20], *SPOKEN[5:]]) == (1, 1, 0, 0)


def test_the_right_word_in_the_wrong_language_is_lost_and_extra() -> None:
    assert damage([*SPOKEN[:4], f"{SPOKEN[4]}-es", *SPOKEN[5:]]) == (1, 1, 0, 0)


def test_a_broken_word_is_cut_and_not_lost_as_well() -> None:
    assert damage([*SPOKEN[:4], f"{SPOKEN[4]}~", *SPOKEN[5:]]) == (0, 0, 1, 0)


def test_a_broken_word_in_the_source_language_stands_for_the_translated_one() -> None:
    found = compare(["river-es", "stone-es"], ["river~", "stone-es"])
    assert (found.lost, found.extra, found.cut, found.moved) == (0, 0, 1, 0)


def test_a_word_in_two_pieces_is_cut_twice() -> None:
    assert damage([*SPOKEN[:4], f"{SPOKEN[4]}~", f"{SPOKEN[4]}~", *SPOKEN[5:]]) == (0, 0, 2, 0)


@pytest.mark.parametrize("piece", ["~", "[unknown]-es", "[unknown]"])
def test_a_broken_sound_that_cannot_be_told_is_cut(piece: str) -> None:
    assert damage([*SPOKEN[:4], piece, *SPOKEN[5:]]) == (0, 0, 1, 0)


def test_what_is_missing_beside_a_broken_word_is_lost() -> None:
    assert damage([*SPOKEN[:4], f"{SPOKEN[4]}~", *SPOKEN[7:]]) == (2, 0, 1, 0)


def test_a_broken_sound_where_nothing_was_spoken_is_cut() -> None:
    assert damage([*SPOKEN[:4], "~", *SPOKEN[4:]]) == (0, 0, 1, 0)


def test_two_swapped_words_are_one_that_moved() -> None:
    assert damage([SPOKEN[1], SPOKEN[0], *SPOKEN[2:]]) == (0, 0, 0, 1)


def test_two_swapped_sentences_are_the_words_of_one_that_moved() -> None:
    assert damage([*SPOKEN[:2], *SPOKEN[5:9], *SPOKEN[2:5], *SPOKEN[9:]]) == (0, 0, 0, 3)


def test_the_place_of_the_damage_is_told() -> None:
    (place,) = compare(SPOKEN, [*SPOKEN[:4], *SPOKEN[6:]]).places
    assert (place.word, place.spoken, place.received) == (4, SPOKEN[4:6], ())


@given(st.lists(st.sampled_from(WORDS), max_size=40), st.lists(st.sampled_from(WORDS), max_size=40))
def test_whatever_differs_is_seen_and_the_numbers_add_up(spoken: list[str], received: list[str]) -> None:
    found = compare(spoken, received)
    assert (found == Damage()) == (spoken == received)
    assert found.cut == 0
    assert found.extra - found.lost == len(received) - len(spoken)


def test_written_words_have_no_punctuation() -> None:
    assert words_written(["river stone.", "", "house, garden."]) == ["river", "stone", "house", "garden"]


def test_missing_numbers_are_counted_from_0_to_the_highest() -> None:
    assert count_missing([1, 2, 4], highest=5) == 3
    assert count_missing([0, 1], highest=1) == 0
    assert count_missing([], highest=-1) == 0


# A whole broadcast, with clips on disk


class Room:
    """Makes a broadcast of which every part may be damaged."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def clip(self, number: int, words: list[str], *, cut_s: float = 0.0) -> Path:
        pcm = speak_tones(words, SPEAKER_RATE_HZ)
        path = self._directory / f"{number}.wav"
        samples = memoryview(pcm).cast("h")[round(cut_s * SPEAKER_RATE_HZ) :]
        soundfile.write(path, samples, SPEAKER_RATE_HZ, subtype="PCM_16")
        return path

    def segment(
        self,
        number: int,
        words: list[str],
        *,
        played_at: float | None = None,
        received_at: float | None = None,
        spoken_ms: int | None = None,
        clip: Path | None = None,
        fate: Fate = Fate.PLAYED,
    ) -> HeardSegment:
        spanish = [f"{word}-es" for word in words]
        start_ms = number * 1000 if spoken_ms is None else spoken_ms
        return HeardSegment(
            number=number,
            text=" ".join(spanish) + ".",
            source_text=" ".join(words) + ".",
            spoken_start_ms=start_ms,
            spoken_end_ms=start_ms + 900,
            committed_at_epoch_ms=0,
            received_at=float(number) if received_at is None else received_at,
            download_ms=1,
            played_at=number + 0.5 if played_at is None else played_at,
            tempo=1.0,
            duration_s=1.0,
            fate=fate,
            translated=True,
            clip=clip or self.clip(number, spanish),
        )


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def broadcast(*segments: HeardSegment, captions: tuple[SourceCaption, ...] | None = None) -> Broadcast:
    if captions is None:
        captions = tuple(
            SourceCaption(number=each.number, text=each.source_text, received_at=each.received_at) for each in segments
        )
    record = ListenerRecord(
        language="es",
        source_language="en",
        first_number=0,
        segments=segments,
        captions=captions,
        redelivered=2,
        reconnections=0,
        joined_at=0.0,
        end_reason="ended",
    )
    return Broadcast(
        audio_path="tones",
        audio_duration_ms=3000,
        source_language="en",
        first_sample_at=0.0,
        first_sample_epoch_ms=0,
        captions=(),
        listeners=(record,),
    )


FIRST, SECOND, THIRD = ["river", "stone"], ["house", "garden"], ["window", "table"]


def test_a_whole_broadcast_has_no_problems(room: Room) -> None:
    verdict = judge(broadcast(room.segment(0, FIRST), room.segment(1, SECOND)), "es", [*FIRST, *SECOND])
    assert verdict.problems == []
    assert (verdict.words, verdict.segments, verdict.redelivered) == (4, 2, 2)


def test_a_clip_without_its_beginning_is_cut_by_ear_alone(room: Room) -> None:
    clip = room.clip(9, ["house-es", "garden-es"], cut_s=0.05)
    verdict = judge(broadcast(room.segment(0, FIRST), room.segment(1, SECOND, clip=clip)), "es", [*FIRST, *SECOND])
    assert verdict.problems == ["heard: 0 lost, 0 extra, 1 cut, 0 moved"]


def test_a_clip_in_another_language_is_not_what_was_spoken(room: Room) -> None:
    clip = room.clip(9, ["house-fr", "garden-fr"])
    verdict = judge(broadcast(room.segment(0, FIRST), room.segment(1, SECOND, clip=clip)), "es", [*FIRST, *SECOND])
    assert verdict.problems == ["heard: 2 lost, 2 extra, 0 cut, 0 moved"]


def test_what_was_not_played_is_lost_by_ear(room: Room) -> None:
    skipped = room.segment(1, SECOND, fate=Fate.SKIPPED)
    verdict = judge(broadcast(room.segment(0, FIRST), skipped), "es", [*FIRST, *SECOND])
    assert verdict.problems == ["heard: 2 lost, 0 extra, 0 cut, 0 moved"]


def test_the_ear_goes_by_the_order_of_playing(room: Room) -> None:
    listener = broadcast(room.segment(0, FIRST, played_at=8.0), room.segment(1, SECOND)).listener_of("es")
    assert words_heard(listener) == ["house-es", "garden-es", "river-es", "stone-es"]


def test_a_missing_segment_shows_in_sound_text_and_numbers(room: Room) -> None:
    segments = [room.segment(0, FIRST), room.segment(2, THIRD)]
    captions = tuple(
        SourceCaption(number=number, text=" ".join(words), received_at=0.0)
        for number, words in enumerate((FIRST, SECOND, THIRD))
    )
    verdict = judge(broadcast(*segments, captions=captions), "es", [*FIRST, *SECOND, *THIRD])
    assert verdict.problems == [
        "heard: 2 lost, 0 extra, 0 cut, 0 moved",
        "read: 2 lost, 0 extra, 0 cut, 0 moved",
        "1 segment numbers are missing",
    ]


def test_a_missing_last_segment_shows_by_its_caption(room: Room) -> None:
    captions = tuple(
        SourceCaption(number=number, text=" ".join(words), received_at=0.0)
        for number, words in enumerate((FIRST, SECOND))
    )
    verdict = judge(broadcast(room.segment(0, FIRST), captions=captions), "es", [*FIRST, *SECOND])
    assert "1 segment numbers are missing" in verdict.problems


def test_a_missing_caption_is_seen(room: Room) -> None:
    verdict = judge(broadcast(room.segment(0, FIRST), captions=()), "es", FIRST)
    assert verdict.problems == ["captions: 2 lost, 0 extra, 0 cut, 0 moved"]


def test_the_same_speech_under_two_numbers_is_seen(room: Room) -> None:
    twice = broadcast(room.segment(0, FIRST), room.segment(1, FIRST, spoken_ms=0))
    verdict = judge(twice, "es", FIRST)
    assert "1 stretches of speech came under two numbers" in verdict.problems
    assert "heard: 0 lost, 2 extra, 0 cut, 0 moved" in verdict.problems


def test_segments_that_overtook_others_are_counted(room: Room) -> None:
    order = [2, 0, 1, 3]
    segments = [room.segment(number, FIRST, received_at=float(order.index(number))) for number in range(4)]
    random.Random(1).shuffle(segments)
    assert count_overtaken(segments) == 2
