import io
import random
from collections.abc import Sequence
from dataclasses import replace

import lameenc
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from babelcast.domain.languages import LANGUAGES
from benchmarks.quiet.music import band_playing
from benchmarks.quiet.programmes import PARTS, Make, to_pcm
from local.engines.in_process import InProcessRecogniser
from local.engines.speech import (
    RECOGNISER_RATE_HZ,
    SPEAKER_RATE_HZ,
    EngineFailedError,
    FinalResult,
    Item,
    ItemKind,
    PartialResult,
    Result,
    Stability,
    StreamDecoder,
    UnsupportedPairError,
    UnsupportedVoiceError,
)
from local.engines.tone_alphabet import (
    CHORDS,
    GAP_SECONDS,
    PILOT_HZ,
    UNKNOWN,
    WORD_SECONDS,
    WORDS,
    ToneWord,
    UnknownWordError,
    silence,
    speak_tones,
    tone_schedule,
    tone_speech,
)
from local.engines.tone_hearing import (
    BROKEN_MARK,
    MixedLanguagesError,
    decode_language,
    decode_tones,
    hear_words,
)
from local.engines.tones import ToneDecoder, ToneSpeaker, ToneTranslator

RATE_HZ = RECOGNISER_RATE_HZ
LANGUAGES_HEARD = ("es", "ca", "gl", "pt", "fr", "it")

words = st.sampled_from(WORDS)
sentences = st.lists(st.lists(words, min_size=1, max_size=8), min_size=1, max_size=3)
cuts = st.lists(st.integers(min_value=1, max_value=40_000), max_size=12)
stabilities = st.sampled_from([None, *Stability])


def decode(pcm: bytes, stability: Stability | None = Stability.HIGH, chunks: Sequence[int] = ()) -> list[Result]:
    """Every result, the audio fed in chunks of these samples and then in one."""
    decoder = ToneDecoder(stability)
    results: list[Result] = []
    for samples in chunks:
        results += decoder.accept(pcm[: 2 * samples])
        pcm = pcm[2 * samples :]
    return [*results, *decoder.accept(pcm), *decoder.finish()]


def finals(results: Sequence[Result]) -> list[FinalResult]:
    return [result for result in results if isinstance(result, FinalResult)]


def spoken_items(results: Sequence[Result]) -> list[Item]:
    return [item for result in finals(results) for item in result.items if item.kind is ItemKind.WORD]


def noise(seconds: float, level_db: float, seed: int = 1) -> bytes:
    samples = np.random.default_rng(seed).normal(0, 32767 * 10 ** (level_db / 20), round(seconds * RATE_HZ))
    return samples.astype("<i2").tobytes()


def through_mp3(pcm: bytes) -> bytes:
    encoder = lameenc.Encoder()
    encoder.set_channels(1)
    encoder.set_in_sample_rate(SPEAKER_RATE_HZ)
    encoder.set_bit_rate(48)
    encoder.set_quality(5)
    encoder.silence()
    clip = bytes(encoder.encode(pcm)) + bytes(encoder.flush())
    samples, rate_hz = soundfile.read(io.BytesIO(clip), dtype="int16")
    assert rate_hz == SPEAKER_RATE_HZ
    return bytes(samples.tobytes())


class TestAlphabet:
    def test_every_word_has_a_chord_of_its_own(self) -> None:
        assert len(set(WORDS)) == len(WORDS) >= 60
        assert len(set(CHORDS.values())) == len(CHORDS) == len(WORDS) + 1

    def test_every_language_of_the_table_has_a_pilot(self) -> None:
        assert set(PILOT_HZ) == set(LANGUAGES)
        assert len(set(PILOT_HZ.values())) == len(PILOT_HZ)
        assert max(PILOT_HZ.values()) <= 3400

    def test_no_whole_frames_are_whole_periods_of_a_word(self) -> None:
        for chord in CHORDS.values():
            for milliseconds in range(10, 200, 10):
                periods = [tone_hz * milliseconds / 1000 for tone_hz in chord]
                assert max(abs(each - round(each)) for each in periods) >= 0.19

    @given(word=words, language=st.sampled_from(sorted(PILOT_HZ)))
    def test_spelling_is_reversible(self, word: str, language: str) -> None:
        spoken = ToneWord(word=word, language=language)
        assert ToneWord.read(spoken.spelling) == spoken

    @pytest.mark.parametrize("spelling", ["", "-", "xylophone", "river-xx", "river~", "river-es~", "-es"])
    def test_other_text_is_no_word(self, spelling: str) -> None:
        with pytest.raises(UnknownWordError):
            ToneWord.read(spelling)

    def test_a_word_and_its_gap_take_260_ms(self) -> None:
        assert len(speak_tones(["river"])) == 2 * round((WORD_SECONDS + GAP_SECONDS) * RATE_HZ)


class TestHearing:
    @given(said=sentences, chunks=cuts)
    @settings(max_examples=40)
    def test_every_word_is_heard_in_order_and_when_it_was_spoken(
        self, said: list[list[str]], chunks: list[int]
    ) -> None:
        results = finals(decode(tone_speech(said), chunks=chunks))
        assert [result.text for result in results] == [f"{' '.join(sentence)}." for sentence in said]
        assert [result.number for result in results] == list(range(len(said)))
        for item, scheduled in zip(spoken_items(results), tone_schedule(said), strict=True):
            assert item.content == scheduled.spelling
            assert item.start == pytest.approx(scheduled.start, abs=0.005)
            assert item.end == pytest.approx(scheduled.end, abs=0.005)

    @given(offset=st.integers(min_value=0, max_value=1600), said=st.lists(words, min_size=1, max_size=5))
    @settings(max_examples=40)
    def test_times_do_not_depend_on_the_frame_grid(self, offset: int, said: list[str]) -> None:
        items = spoken_items(decode(bytes(2 * offset) + speak_tones(said)))
        assert [item.content for item in items] == said
        for index, item in enumerate(items):
            start = offset / RATE_HZ + index * (WORD_SECONDS + GAP_SECONDS)
            assert item.start == pytest.approx(start, abs=0.005)
            assert item.end == pytest.approx(start + WORD_SECONDS, abs=0.005)

    @given(said=sentences, chunks=cuts, stability=stabilities)
    @settings(max_examples=30)
    def test_results_do_not_depend_on_the_chunks(
        self, said: list[list[str]], chunks: list[int], stability: Stability | None
    ) -> None:
        pcm = tone_speech(said, pause_s=0.7)
        assert decode(pcm, stability, chunks) == decode(pcm, stability) == decode(pcm, stability, [320] * 900)

    def test_a_short_pause_does_not_end_a_result(self) -> None:
        said = [["river", "stone"], ["paper"]]
        assert [result.text for result in finals(decode(tone_speech(said, pause_s=0.4)))] == ["river stone paper."]

    def test_a_final_comes_after_half_a_second_of_silence(self) -> None:
        decoder = ToneDecoder(Stability.HIGH)
        results = [*decoder.accept(speak_tones(["river"]) + silence(0.42, RATE_HZ))]
        assert not finals(results)
        assert finals(decoder.accept(silence(0.04, RATE_HZ)))

    def test_speech_without_pauses_is_ended_between_two_words(self) -> None:
        said = random.Random(1).choices(WORDS, k=250)
        results = finals(decode(speak_tones(said)))
        assert len(results) == 3
        assert [item.content for item in spoken_items(results)] == said
        assert all(result.end - result.start <= 30.5 for result in results)

    @pytest.mark.parametrize("level_db", [-300.0, -60.0, -50.0])
    def test_silence_and_low_noise_yield_nothing(self, level_db: float) -> None:
        assert decode(noise(5, level_db)) == []

    @pytest.mark.parametrize(
        "make", [make for makes in PARTS.values() for make in makes], ids=lambda make: make.__name__
    )
    @pytest.mark.parametrize("seed", [1, 2])
    def test_silence_noise_and_music_yield_nothing(self, make: Make, seed: int) -> None:
        sound = make(8.0, np.random.default_rng(seed))
        assert decode(to_pcm(sound)) == []

    def test_after_music_words_are_heard_as_after_silence(self) -> None:
        said = random.Random(4).sample(WORDS, 8)
        music = to_pcm(band_playing(5.0, np.random.default_rng(1)))
        results = finals(decode(music + silence(0.2, RATE_HZ) + speak_tones(said)))
        assert [result.text for result in results] == [f"{' '.join(said)}."]
        assert results[0].start == pytest.approx(5.2, abs=0.005)

    def test_noise_that_goes_on_does_not_keep_a_result_open(self) -> None:
        decoder = ToneDecoder(Stability.HIGH)
        assert not finals(decoder.accept(speak_tones(["river", "stone"]) + noise(0.5, -30)))
        assert [result.text for result in finals(decoder.accept(noise(0.2, -30)))] == ["river stone."]
        assert decoder.accept(noise(3, -30)) == []

    def test_words_are_heard_through_noise_and_at_low_volume(self) -> None:
        said = list(WORDS)
        clean = np.frombuffer(speak_tones(said), dtype="<i2")
        noisy = clean + np.frombuffer(noise(len(clean) / RATE_HZ, -40), dtype="<i2")
        assert decode_tones(noisy.astype("<i2").tobytes(), RATE_HZ) == said
        assert decode_tones((clean * 0.05).astype("<i2").tobytes(), RATE_HZ) == said

    @pytest.mark.parametrize("rate_hz", [24_000, 44_100, 48_000])
    def test_words_survive_resampling(self, rate_hz: int) -> None:
        said = list(WORDS)
        there = soxr.resample(np.frombuffer(speak_tones(said), dtype="<i2"), RATE_HZ, rate_hz)
        assert decode_tones(there.tobytes(), rate_hz) == said
        assert decode_tones(soxr.resample(there, rate_hz, RATE_HZ).tobytes(), RATE_HZ) == said


class TestPartialResults:
    @given(said=sentences, stability=stabilities)
    @settings(max_examples=30)
    def test_stable_items_stay_as_they_are(self, said: list[list[str]], stability: Stability | None) -> None:
        stable: dict[int, tuple[Item, ...]] = {}
        for result in decode(tone_speech(said, pause_s=0.6), stability):
            before = stable.get(result.number, ())
            assert result.items[: len(before)] == before
            flags = [item.is_stable for item in result.items]
            assert flags == sorted(flags, reverse=True)
            stable[result.number] = tuple(item for item in result.items if item.is_stable)
            if isinstance(result, FinalResult):
                assert all(flags)
            elif stability is None:
                assert not any(flags)

    def test_they_come_every_half_second(self) -> None:
        said = random.Random(2).sample(WORDS, 20)
        partials = [result for result in decode(speak_tones(said)) if isinstance(result, PartialResult)]
        assert len(partials) == 10
        assert [len(result.items) for result in partials] == sorted(len(result.items) for result in partials)

    @pytest.mark.parametrize("stability", list(Stability))
    def test_words_are_stable_long_before_the_final(self, stability: Stability) -> None:
        said = random.Random(3).sample(WORDS, 12)
        partials = [result for result in decode(speak_tones(said), stability) if isinstance(result, PartialResult)]
        stable = [item.content for item in partials[-1].items if item.is_stable]
        assert stable == said[: len(stable)]
        assert len(stable) >= 8

    def test_a_word_is_stable_once_the_next_has_begun(self) -> None:
        partials = decode(speak_tones(["river", "stone"]) + silence(0.2, RATE_HZ))
        assert [(item.content, item.is_stable) for item in partials[0].items] == [("river", True), ("stone", False)]


class TestDamage:
    """Audio that lost, repeated or mixed up a piece does not decode to what was said."""

    said = st.lists(words, min_size=2, max_size=5, unique=True)
    piece_samples = st.integers(min_value=320, max_value=6000)

    @given(said=said, place=st.floats(0, 1), inside=st.floats(0, 0.89), size=piece_samples)
    @settings(max_examples=100)
    def test_removed(self, said: list[str], place: float, inside: float, size: int) -> None:
        pcm, at = self.place(said, place, inside)
        self.check(said, pcm[: 2 * at] + pcm[2 * (at + size) :])

    @given(said=said, place=st.floats(0, 1), inside=st.floats(0, 0.89), size=piece_samples)
    @settings(max_examples=100)
    def test_doubled(self, said: list[str], place: float, inside: float, size: int) -> None:
        pcm, at = self.place(said, place, inside)
        self.check(said, pcm[: 2 * (at + size)] + pcm[2 * at :])

    @given(said=said, place=st.floats(0, 1), inside=st.floats(0, 0.89), size=piece_samples)
    @settings(max_examples=100)
    def test_silenced(self, said: list[str], place: float, inside: float, size: int) -> None:
        pcm, at = self.place(said, place, inside)
        self.check(said, pcm[: 2 * at] + bytes(2 * size) + pcm[2 * (at + size) :])

    @given(said=said, place=st.floats(0, 1), inside=st.floats(0.1, 0.89), frames=st.integers(2, 38))
    @settings(max_examples=100)
    def test_reordered(self, said: list[str], place: float, inside: float, frames: int) -> None:
        pcm, at = self.place(said, place, inside)
        size = frames * RATE_HZ // 100
        first, second, third = 2 * at, 2 * (at + size), 2 * (at + 2 * size)
        self.check(said, pcm[:first] + pcm[second:third] + pcm[first:second] + pcm[third:])

    def place(self, said: list[str], place: float, inside: float) -> tuple[bytes, int]:
        """The speech, and a sample within one of its words."""
        index = min(int(place * len(said)), len(said) - 1)
        at = 0.1 + index * (WORD_SECONDS + GAP_SECONDS) + inside * WORD_SECONDS
        return silence(0.1, RATE_HZ) + speak_tones(said) + silence(0.8, RATE_HZ), round(at * RATE_HZ)

    def check(self, said: list[str], pcm: bytes) -> None:
        assert decode_tones(pcm, RATE_HZ) != said

    @pytest.mark.parametrize("milliseconds", [40, 60, 100, 150, 175])
    def test_the_recogniser_reports_what_is_left_of_a_word(self, milliseconds: int) -> None:
        for word in WORDS:
            left = speak_tones([word])[: 2 * milliseconds * RATE_HZ // 1000]
            [item] = spoken_items(decode(silence(0.1, RATE_HZ) + left + silence(0.6, RATE_HZ)))
            assert item.content == f"{word}{BROKEN_MARK}"

    def test_half_a_word_is_marked(self) -> None:
        pcm = speak_tones(["river", "stone"])
        half = 2 * round(0.1 * RATE_HZ)
        assert decode_tones(pcm[half:], RATE_HZ) == [f"river{BROKEN_MARK}", "stone"]
        assert decode_tones(silence(0.1, RATE_HZ) + pcm[: -half - 2 * 960], RATE_HZ) == ["river", f"stone{BROKEN_MARK}"]

    def test_two_halves_joined_are_two_broken_words(self) -> None:
        river, stone = speak_tones(["river"]), speak_tones(["stone"])
        half = 2 * round(0.1 * RATE_HZ)
        joined = river[:half] + stone[half:]
        assert decode_tones(joined, RATE_HZ) == [f"river{BROKEN_MARK}", f"stone{BROKEN_MARK}"]

    def test_a_noise_is_no_word(self) -> None:
        assert set(decode_tones(noise(0.2, -20), RATE_HZ)) <= {f"{word}{BROKEN_MARK}" for word in ("", *WORDS)}
        assert decode_tones(noise(0.2, -20), RATE_HZ)


class TestTranslator:
    async def test_words_are_spelled_in_the_other_language_and_the_rest_stays(self) -> None:
        translator = ToneTranslator()
        spanish = await translator.translate("river Stone, river~ and forest.", source="en", target="es")
        assert spanish == "river-es stone-es, river~ and forest-es."
        assert await translator.translate(spanish, source="es", target="en") == "river stone, river~ and forest."
        assert await translator.translate("river", source="en", target="pt-PT") == "river-pt"
        assert await translator.translate("river", source="en", target="pt") == "river-pt-BR"
        assert await translator.translate("river-es", source="en", target="fr") == "river-es"

    async def test_unknown_languages_are_refused(self) -> None:
        with pytest.raises(UnsupportedPairError):
            await ToneTranslator().translate("river", source="en", target="xx")


class TestSpeaker:
    @pytest.mark.parametrize("code", LANGUAGES_HEARD)
    async def test_a_clip_is_decoded_after_mp3(self, code: str) -> None:
        language = LANGUAGES[ToneWord(word="river", language=code).language]  # type: ignore[index]
        assert language.voice
        said = random.Random(code).sample(WORDS, len(WORDS))
        text = await ToneTranslator().translate(f"{' '.join(said)}.", source="en", target=language.translate_code)
        clip = through_mp3(await ToneSpeaker().speak(text, language=language.voice.language_code))
        assert decode_tones(clip, SPEAKER_RATE_HZ) == said
        assert decode_language(clip, SPEAKER_RATE_HZ) == code

    async def test_other_text_is_the_unknown_word(self) -> None:
        clip = await ToneSpeaker().speak("river-es, river~ hola stone-fr! forest-es.", language="es-ES")
        assert decode_tones(clip, SPEAKER_RATE_HZ) == ["river", UNKNOWN, UNKNOWN, UNKNOWN, "forest"]
        assert decode_language(clip, SPEAKER_RATE_HZ) == "es"

    async def test_only_the_voices_of_the_table_speak(self) -> None:
        with pytest.raises(UnsupportedVoiceError):
            await ToneSpeaker().speak("river", language="xx-XX")

    async def test_how_it_is_to_be_said_makes_no_difference(self) -> None:
        usual = await ToneSpeaker().speak("river-es", language="es-ES")
        for manner in ({"rate_percent": 50}, {"rate_percent": 200}, {"volume_db": 6.0}, {"pitch_percent": 110}):
            assert await ToneSpeaker().speak("river-es", language="es-ES", **manner) == usual

    async def test_a_voice_with_a_pace_is_quicker_when_it_is_asked_to_be_and_its_words_stay_apart(self) -> None:
        speaker, text = ToneSpeaker(word_ms=400), "river-es stone-es house-es"
        for rate_percent, word_s in ((100, 0.4), (125, 0.32), (80, 0.5), (200, WORD_SECONDS + GAP_SECONDS)):
            clip = await speaker.speak(text, language="es-ES", rate_percent=rate_percent)
            assert len(clip) / 2 / SPEAKER_RATE_HZ == pytest.approx(GAP_SECONDS + 3 * word_s, abs=0.001)
            assert decode_tones(through_mp3(clip), SPEAKER_RATE_HZ) == ["river", "stone", "house"]

    def test_words_of_two_languages_are_told_apart(self) -> None:
        pcm = speak_tones(["river-es", "river-ca", "river"])
        assert [heard.content for heard in hear_words(pcm, RATE_HZ)] == ["river-es", "river-ca", "river"]
        with pytest.raises(MixedLanguagesError):
            decode_language(pcm, RATE_HZ)
        assert decode_language(silence(1, RATE_HZ), RATE_HZ) is None


class BreakingDecoder:
    """Decodes a second of audio, then breaks."""

    def __init__(self, stability: Stability | None) -> None:
        self._decoder = ToneDecoder(stability)
        self._left = 2 * RATE_HZ

    def accept(self, pcm: bytes) -> Sequence[Result]:
        self._left -= len(pcm)
        if self._left < 0:
            raise ValueError("broken")
        return self._decoder.accept(pcm)

    def finish(self) -> Sequence[Result]:
        return self._decoder.finish()


class TestInProcessRecogniser:
    pcm = tone_speech([["river", "stone"], ["paper"]])

    def recogniser(self) -> InProcessRecogniser:
        return InProcessRecogniser(ToneDecoder, frozenset({"en-US"}))

    async def test_a_stream_gives_the_decoders_results(self) -> None:
        recogniser = self.recogniser()
        assert recogniser.languages == {"en-US"}
        stream = await recogniser.open_stream(Stability.HIGH)
        for start in range(0, len(self.pcm), 3200):
            await stream.feed(self.pcm[start : start + 3200])
        await stream.end()
        assert [result async for result in stream.results()] == decode(self.pcm)
        await stream.close()

    async def test_streams_are_independent(self) -> None:
        recogniser = self.recogniser()
        one, other = await recogniser.open_stream(None), await recogniser.open_stream(None)
        await one.feed(self.pcm)
        await other.feed(speak_tones(["forest"]))
        for stream in (one, other):
            await stream.end()
        assert [result.text for result in finals([result async for result in other.results()])] == ["forest."]

    async def test_closing_before_the_end_fails_the_reader(self) -> None:
        stream = await self.recogniser().open_stream(None)
        await stream.feed(speak_tones(["river"]) + silence(1, RATE_HZ))
        results = stream.results()
        await stream.close()
        assert [(await anext(results)).text for _ in range(2)] == ["river", "river."]
        with pytest.raises(EngineFailedError):
            await anext(results)
        with pytest.raises(EngineFailedError):
            await stream.feed(b"")

    async def test_closing_the_recogniser_closes_its_streams(self) -> None:
        recogniser = self.recogniser()
        stream = await recogniser.open_stream(None)
        await recogniser.close()
        with pytest.raises(EngineFailedError):
            await anext(stream.results())

    async def test_nothing_is_fed_after_the_end(self) -> None:
        stream = await self.recogniser().open_stream(None)
        await stream.end()
        with pytest.raises(EngineFailedError):
            await stream.feed(self.pcm)
        with pytest.raises(EngineFailedError):
            await stream.end()
        await stream.close()
        assert [result async for result in stream.results()] == []

    async def test_a_broken_decoder_fails_the_stream(self) -> None:
        decoders: list[StreamDecoder] = []

        def make(stability: Stability | None) -> StreamDecoder:
            decoders.append(BreakingDecoder(stability))
            return decoders[-1]

        stream = await InProcessRecogniser(make, frozenset({"en-US"})).open_stream(Stability.HIGH)
        await stream.feed(speak_tones(["river", "stone"]))
        with pytest.raises(EngineFailedError):
            await stream.feed(self.pcm)
        with pytest.raises(EngineFailedError):
            await stream.end()
        with pytest.raises(EngineFailedError):
            async for _ in stream.results():
                pass


def test_a_heard_word_in_writing() -> None:
    heard = hear_words(speak_tones(["river-es"]), RATE_HZ)[0]
    assert heard.content == "river-es"
    assert replace(heard, is_whole=False).content == f"river-es{BROKEN_MARK}"
    assert replace(heard, is_whole=False, word=None).content == BROKEN_MARK
