"""The ear-voice span is measured from the sound: what was lost, broken, skipped or late is seen as such."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from babelcast.domain.errors import TranscriptionUnavailableError
from babelcast.domain.languages import Language, LanguageCode
from benchmarks.latency.speech import SpokenWord
from benchmarks.span.__main__ import faults_of
from benchmarks.span.captions import Caption, count_retractions, longest_gap_s, stream_laal_s
from benchmarks.span.course import Clock, Course, Design
from benchmarks.span.figures import measure
from benchmarks.span.hearing import follow_words
from benchmarks.span.old_design import OldDesign, OldPlan, Told, play_one_after_another, session_of
from benchmarks.span.playing import ArrivedClip, PlayedClip, Playing, ToneWordHeard
from benchmarks.span.report import check_table, model_costs, ratio_table, table
from benchmarks.span.simulated_services import (
    SimulatedClips,
    SimulatedStream,
    SimulatedSynthesizer,
    SimulatedTranscriber,
    SimulatedTranslator,
)
from benchmarks.span.talk import VOICE_WORD_MS, give_talk
from benchmarks.span.virtual_time import DeadlockError, run_virtually
from benchmarks.span.wifi import PERFECT, VENUE, ConnectionWay, Wifi, WifiProfile
from local.engines.tone_alphabet import UNKNOWN, tone_speech
from local.engines.tone_hearing import hear_words
from local.services.behaviour import Behaviour, ServiceClock, ServiceTime, ServiceTimes, Step

ES, FR = LanguageCode("es"), LanguageCode("fr")


def spoken(*words: str, every_s: float = 1.0) -> list[SpokenWord]:
    """Words of 200 ms; the first one begins at 0."""
    return [
        SpokenWord(word=word, start_ms=index * every_s * 1000, end_ms=index * every_s * 1000 + 200)
        for index, word in enumerate(words)
    ]


def clip(number: int, stretch_s: tuple[float, float], *contents: str, told_at: float = 0.0) -> ArrivedClip:
    """A clip in which a word begins every second."""
    words = (ToneWordHeard(content=each, start_s=at, end_s=at + 0.2) for at, each in enumerate(contents))
    return ArrivedClip(
        number=number,
        spoken_s=stretch_s,
        told_at=told_at,
        ready_at=told_at,
        committed_at=told_at,
        duration_s=float(len(contents)),
        words=tuple(words),
    )


class TestTalk:
    @pytest.mark.parametrize("rate", [0.75, 1.0, 1.25, 1.5])
    def test_every_word_is_where_it_is_said_to_be(self, rate: float) -> None:
        talk = give_talk(20, rate=rate, seed=3)
        heard = hear_words(talk.pcm, SAMPLE_RATE_HZ)
        assert [each.content for each in heard] == [each.word for each in talk.words]
        assert all(abs(ear.end * 1000 - truth.end_ms) < 5 for ear, truth in zip(heard, talk.words, strict=True))

    def test_who_speaks_faster_says_the_same_in_less_time(self) -> None:
        slow, fast = (give_talk(60, rate=rate, seed=1).words for rate in (1.0, 1.5))
        assert len(fast) > len(slow)
        assert [each.word for each in slow] == [each.word for each in fast[: len(slow)]]
        assert fast[len(slow) - 1].end_ms * 1.5 == pytest.approx(slow[-1].end_ms, rel=0.01)

    def test_words_that_would_touch_are_refused(self) -> None:
        with pytest.raises(ValueError, match=r"1\.5"):
            give_talk(1, rate=1.6, seed=1)


class TestWifi:
    @given(seed=st.integers(0, 50), sent=st.lists(st.floats(0, 600), max_size=60))
    def test_what_was_sent_first_is_there_first_and_nothing_before_it_was_sent(
        self, seed: int, sent: list[float]
    ) -> None:
        way = ConnectionWay(Wifi(VENUE, seed=seed))
        moments = [(at, way.there_at(at, 1_000)) for at in sorted(sent)]
        assert all(there > at for at, there in moments)
        assert all(before <= after for (_, before), (_, after) in pairwise(moments))

    def test_the_same_seed_has_the_same_air(self) -> None:
        there = [[Wifi(VENUE, seed=seed).there_at(at, 1_000) for at in range(100)] for seed in (1, 1, 2)]
        assert there[0] == there[1] != there[2]

    def test_cuts_and_losses_hold_up_and_a_perfect_air_does_not(self) -> None:
        def late_s(profile: WifiProfile) -> list[float]:
            wifi = Wifi(profile, seed=1)
            return [wifi.there_at(at / 10, 1_000) - at / 10 for at in range(10_000)]

        assert max(late_s(PERFECT)) < 1e-6
        cut = late_s(replace(VENUE, loss=0.0, contended_loss=0.0))
        assert VENUE.cut_s[0] / 2 < max(cut) < VENUE.cut_s[1] + 1
        lossy = late_s(replace(VENUE, between_cuts_s=1e12))
        assert 0.01 < sum(each > VENUE.repeat_s for each in lossy) / len(lossy) < 0.1


class TestHearing:
    WORDS = spoken("river", "stone", "house", "garden")

    def test_a_word_is_as_late_as_its_sound(self) -> None:
        arrived = clip(0, (0.0, 3.2), "river", "stone", "house", "garden")
        heard = follow_words(self.WORDS, [arrived], Playing(clips=(PlayedClip(clip=arrived, started_at=5.0),)))
        assert [each.span_s for each in heard.spans] == pytest.approx([5.0, 5.0, 5.0, 5.0])
        assert heard.clause_spans_s == pytest.approx((1.8,))
        assert (heard.lost, heard.broken, heard.extra, heard.skipped) == (0, 0, 0, 0)

    def test_a_quicker_clip_brings_its_words_sooner(self) -> None:
        arrived = clip(0, (0.0, 3.2), "river", "stone", "house", "garden")
        played = PlayedClip(clip=arrived, started_at=5.0, tempo=1.25)
        heard = follow_words(self.WORDS, [arrived], Playing(clips=(played,)))
        assert heard.spans[-1].heard_end_s == pytest.approx(5.0 + 3.2 / 1.25)
        assert played.ended_at == pytest.approx(5.0 + 4 / 1.25)

    def test_what_is_broken_lost_and_invented_is_counted(self) -> None:
        first, second = clip(0, (0.0, 1.2), "river", "stone~", UNKNOWN), clip(1, (2.0, 3.2), "garden", "water")
        playing = Playing(clips=tuple(PlayedClip(clip=each, started_at=9.0) for each in (first, second)))
        heard = follow_words(self.WORDS, [first, second], playing)
        assert [each.position for each in heard.spans] == [0, 3]
        assert (heard.lost, heard.broken, heard.extra, heard.skipped) == (2, 2, 1, 0)

    def test_what_the_player_leaves_out_is_not_lost_but_skipped(self) -> None:
        first, second = clip(0, (0.0, 1.2), "river", "stone"), clip(1, (2.0, 3.2), "house", "garden")
        heard = follow_words(self.WORDS, [first, second], Playing(clips=(PlayedClip(clip=second, started_at=9.0),)))
        assert (heard.lost, heard.skipped) == (0, 2)

    def test_what_is_said_twice_is_extra(self) -> None:
        one, again = clip(0, (0.0, 1.2), "river", "stone"), clip(1, (0.0, 1.2), "river", "stone")
        playing = Playing(clips=tuple(PlayedClip(clip=each, started_at=9.0) for each in (one, again)))
        heard = follow_words(self.WORDS, [one, again], playing)
        assert (heard.extra, heard.lost) == (2, 2)

    def test_a_word_of_another_place_is_not_this_one(self) -> None:
        words = spoken("river", "stone", "river", "stone")
        moved = clip(0, (2.0, 3.2), "river", "stone")
        heard = follow_words(words, [moved], Playing(clips=(PlayedClip(clip=moved, started_at=9.0),)))
        assert [each.position for each in heard.spans] == [2, 3]


class TestCaptions:
    WORDS = spoken("river", "stone", "house", "garden")
    """Of four sentences, each of 200 ms: they are far apart."""

    def caption(self, shown_at: float, text: str, stretch_s: tuple[float, float], number: int = 0) -> Caption:
        return Caption(number=number, shown_at=shown_at, text=text, spoken_s=stretch_s)

    def test_a_sentence_that_is_shown_whole_lags_by_its_length_and_what_follows(self) -> None:
        words = spoken("river", "stone", "house", "garden", every_s=0.3)
        shown = self.caption(4.0, "river-es stone-es house-es garden-es.", (0.0, 1.1))
        assert stream_laal_s(words, [shown]) == pytest.approx(4.0)

    def test_the_lag_is_the_mean_up_to_the_first_word_behind_the_end(self) -> None:
        words = spoken("river", "stone", "house", "garden", every_s=0.3)  # 0 to 1.1 s: a quarter is 0.275 s
        shown = [
            self.caption(0.5, "river-es stone-es", (0.0, 0.5)),
            self.caption(1.5, "house-es garden-es.", (0.6, 1.1), 1),
        ]
        assert stream_laal_s(words, shown) == pytest.approx((0.5 + (0.5 - 0.275) + (1.5 - 0.55)) / 3)

    def test_sentences_count_from_their_own_beginning(self) -> None:
        shown = [
            self.caption(at + 2.0, f"{word.word}-es", (at, at + 0.2), int(at)) for at, word in enumerate(self.WORDS)
        ]
        assert stream_laal_s(self.WORDS, shown) == pytest.approx(2.0)

    def test_broken_words_have_no_lag(self) -> None:
        assert stream_laal_s(self.WORDS, [self.caption(1.0, "river~", (0.0, 0.2))]) is None

    def test_gaps_and_retractions(self) -> None:
        shown = [self.caption(2.0, "river-es", (0, 1)), self.caption(7.0, "stone-es", (0, 1), 1)]
        assert longest_gap_s(shown) == 5.0
        assert count_retractions([*shown, self.caption(8.0, "river-es", (0, 1))]) == 0
        taken_back = [*shown, self.caption(8.0, "water-es", (0, 1))]
        assert count_retractions(taken_back) == 1
        assert count_retractions([*taken_back, self.caption(9.0, "water-es", (0, 1))]) == 1


class TestVirtualTime:
    def test_the_clock_goes_by_as_is_asked_for(self) -> None:
        async def sleeping() -> list[float]:
            loop, moments = asyncio.get_running_loop(), []
            for seconds in (3_600.0, 0.25, 0.0):
                await asyncio.sleep(seconds)
                moments.append(loop.time())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 10)
            return [*moments, loop.time()]

        assert run_virtually(sleeping()) == pytest.approx([3_600.0, 3_600.25, 3_600.25, 3_610.25], abs=1e-3)

    def test_what_never_comes_is_not_waited_for(self) -> None:
        with pytest.raises(DeadlockError):
            run_virtually(asyncio.Event().wait())


class _Breaking(SimulatedTranscriber):
    """Every second stream cannot be opened."""

    opened = 0

    async def open(self, source: Language, *, origin_sample: int) -> SimulatedStream:
        self.opened += 1
        if self.opened % 2:
            raise TranscriptionUnavailableError("no")
        return await super().open(source, origin_sample=origin_sample)


def hold_old_session(
    pcm: bytes, plan: OldPlan, times: ServiceTimes, kind: type[SimulatedTranscriber] = SimulatedTranscriber
) -> tuple[list[Told], OldDesign]:
    async def hold() -> tuple[list[Told], OldDesign]:
        behaviour, told = Behaviour(times), list[Told]()
        design = OldDesign(
            plan,
            transcriber=kind(behaviour),
            translator=SimulatedTranslator(behaviour),
            synthesizer=SimulatedSynthesizer(behaviour, voice_word_ms=VOICE_WORD_MS),
            clips=SimulatedClips(ServiceClock(times)),
            tell=told.append,
            now_s=asyncio.get_running_loop().time,
        )
        await design.run(pcm)
        return told, design

    return run_virtually(hold())


class TestOldDesign:
    # 3 s end 120 ms into the twelfth word.
    PCM = tone_speech([["river"] * 11 + ["stone"] + ["house"] * 8], pause_s=0.8)
    PLAN = OldPlan(languages=(ES, FR), listeners={ES: 3, FR: 1}, path_s=0.0, post_s=0.1)

    def test_each_batch_is_a_stream_of_its_own_and_cuts_a_word_in_two(self) -> None:
        told, design = hold_old_session(self.PCM, self.PLAN, {})
        texts = [each.text for each in told if each.language == ES]
        assert texts[0].startswith("river-es " * 11 + "stone~")
        assert texts[1].startswith("stone~ house-es")
        assert (design.counts.batches, design.counts.lost) == (2, 0)

    def test_languages_and_listeners_wait_for_each_other(self) -> None:
        slow = {step: ServiceTime(median_ms=1_000) for step in (Step.TRANSCRIBE, Step.TRANSLATE, Step.POLLY)}
        told, _ = hold_old_session(self.PCM, self.PLAN, slow)
        # 3 s of gathering; the stream, translation and voice take a second each, and the second of three posts is due.
        assert [(each.language, round(each.at, 2)) for each in told[:2]] == [(ES, 6.2), (FR, 8.4)]

    def test_what_has_gathered_while_the_function_was_busy_is_one_batch(self) -> None:
        busy = {Step.POLLY: ServiceTime(median_ms=2_500)}
        talk = give_talk(20, rate=1.0, seed=1)
        told, _ = hold_old_session(talk.pcm, self.PLAN, busy)
        stretches = [each.spoken_s for each in told if each.language == ES]
        assert stretches[0] == (0.0, 3.0)
        assert stretches[1][1] - stretches[1][0] > 5.0
        assert all(before[1] == after[0] for before, after in pairwise(stretches))

    def test_a_batch_that_fails_is_lost(self) -> None:
        told, design = hold_old_session(self.PCM, self.PLAN, {}, _Breaking)
        assert [each.number for each in told] == [1, 1]
        assert design.counts.lost == 1

    def test_clips_wait_for_each_other_in_the_order_of_their_messages(self) -> None:
        told, _ = hold_old_session(self.PCM, self.PLAN, {})
        first, second = (each for each in told if each.language == ES)
        begins = play_one_after_another(
            [first, second], lambda each: {0: 9.0, 1: 8.0}[each.number], lambda _, asked_at: asked_at + 0.5
        )
        assert [(each.number, at) for each, at in begins] == [(1, 8.5), (0, 8.5 + second.duration_s + 0.5)]

    def test_a_session_has_so_many_languages_with_the_followed_one_in_the_middle(self) -> None:
        plan = session_of(("es", "fr"), offered=10, listeners=5)
        assert len(set(plan.languages)) == 10
        assert plan.languages.index(ES) == 4
        assert plan.languages[-1] == FR
        assert plan.listeners == {ES: 5, FR: 5}
        assert session_of(("es", "fr"), offered=2, listeners=5).languages == (ES, FR)
        with pytest.raises(ValueError, match="2 to"):
            session_of(("es", "fr"), offered=1, listeners=5)

    def test_it_works_through_a_talk_with_no_sample_left(self) -> None:
        pcm = self.PCM[: round(4.1 * SAMPLE_RATE_HZ) * BYTES_PER_SAMPLE]
        told, _ = hold_old_session(pcm, self.PLAN, {})
        assert told[-1].spoken_s[1] == pytest.approx(4.1)


class TestFigures:
    WORDS = spoken("river", "stone", "house", "garden")

    def course(self, design: Design, *, late_s: float, missing: bool = False) -> Course:
        contents = ("river", "stone", "house", *(() if missing else ("garden",)))
        arrived = (clip(0, (0.0, 1.2), *contents[:2]), clip(1, (2.0, 3.2), *contents[2:]))
        played = (
            PlayedClip(clip=arrived[0], started_at=late_s),
            PlayedClip(clip=arrived[1], started_at=late_s + 3.0),
        )
        captions = tuple(
            Caption(number=each.number, shown_at=late_s, text=f"{contents[each.number]}-es", spoken_s=each.spoken_s)
            for each in arrived
        )
        return Course(design=design, arrived=arrived, playing=Playing(clips=played), captions=captions)

    def test_a_course_in_numbers(self) -> None:
        figures = measure(self.course(Design.BABELCAST, late_s=4.0), self.WORDS, rate=1.0, clock=Clock.REAL).figures
        assert (figures.span_p50, figures.words, figures.words_lost) == (4.5, 4, 0)
        assert figures.silence_ratio == pytest.approx(1 / 5)
        assert figures.duration_ratio == pytest.approx(4 / 3.2)
        assert figures.ending_offset == pytest.approx(9.0 - 3.2)
        assert figures.slope_s_per_hour is None
        assert faults_of(figures) == []

    def test_a_lost_word_is_a_fault_of_babelcast_alone(self) -> None:
        new, old = (
            measure(self.course(design, late_s=4.0, missing=True), self.WORDS, rate=1.0, clock=Clock.REAL)
            for design in (Design.BABELCAST, Design.OLD)
        )
        assert faults_of(new.figures) == ["1×, real time: words lost: 1"]
        assert faults_of(old.figures) == []

    def test_the_tables_say_what_was_measured(self) -> None:
        new, old = (
            measure(self.course(design, late_s=late_s), self.WORDS, rate=1.0, clock=Clock.REAL)
            for design, late_s in ((Design.BABELCAST, 4.0), (Design.OLD, 8.5))
        )
        assert "| ear-voice span, p50 | 4.50 s | 9.00 s |" in table([new, old])
        assert "| 1×, old design | 0.50 |" in ratio_table([new, old])
        assert "| Babelcast, 1×, ear-voice span p50 | 4.50 s | 9.00 s | +4.50 s (+100%) |" in check_table([(new, old)])

    def test_languages_that_nobody_listens_to_cost_nothing(self) -> None:
        for usd in model_costs(languages=2, offered=10, silence=0.3).values():
            assert usd["Babelcast"] < usd["old design"] / 2
