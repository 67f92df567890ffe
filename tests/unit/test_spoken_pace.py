"""How long a translation will take is learnt from clips, and no voice is slower than it has to be to keep up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from babelcast.domain.dynamics import NEUTRAL, Manner, Prosody
from babelcast.domain.languages import LanguageCode
from babelcast.usecases.render_segment import Drafts, RenderSegment
from babelcast.usecases.spoken_pace import SpokenPace
from tests.block_speech import Clock
from tests.in_memory import CountingMeter, InMemoryClips, ScriptedSynthesizer
from tests.room import SESSION

ENGLISH, SPANISH, FRENCH, CHINESE = map(LanguageCode, ("en", "es", "fr", "zh"))
TEXT = "the quick brown fox jumps over the lazy dog."  # 35 letters
LETTERS = 35


def learnt(*durations_s: float, rate_percent: int = 100, code: LanguageCode = SPANISH) -> SpokenPace:
    pace = SpokenPace()
    for duration_s in durations_s:
        pace.learn(TEXT, code, duration_s=duration_s, rate_percent=rate_percent)
    return pace


def expected_s(pace: SpokenPace, text: str = TEXT, code: LanguageCode = SPANISH) -> float:
    found = pace.expected_s(text, code)
    assert found is not None
    return found


def test_before_any_clip_a_usual_pace_is_expected() -> None:
    assert expected_s(SpokenPace()) == pytest.approx(LETTERS / 15)
    assert expected_s(SpokenPace(), "图书馆" * 10, CHINESE) == pytest.approx(30 / 5)


def test_the_first_clip_says_it_and_the_next_ones_correct_it() -> None:
    assert expected_s(learnt(3.5)) == pytest.approx(3.5)
    pace = learnt(3.5)
    seen = [expected_s(pace)]
    for _ in range(40):
        pace.learn(TEXT, SPANISH, duration_s=2.5, rate_percent=100)
        seen.append(expected_s(pace))
    assert seen == sorted(seen, reverse=True)
    assert seen[5] > 2.51
    assert seen[-1] == pytest.approx(2.5, rel=0.002)


def test_the_rate_that_was_asked_for_is_taken_out() -> None:
    assert expected_s(learnt(2.8, rate_percent=125)) == pytest.approx(3.5)
    assert expected_s(learnt(5.0, rate_percent=70)) == pytest.approx(3.5)


def test_languages_have_their_own_pace() -> None:
    pace = learnt(3.5)
    assert expected_s(pace, code=FRENCH) == pytest.approx(LETTERS / 15)
    pace.learn(TEXT, FRENCH, duration_s=2.0, rate_percent=100)
    assert (expected_s(pace), expected_s(pace, code=FRENCH)) == pytest.approx((3.5, 2.0))


def test_longer_text_takes_longer_whatever_its_punctuation() -> None:
    pace = learnt(3.5)
    assert expected_s(pace, TEXT * 3) == pytest.approx(10.5)
    assert expected_s(pace, f"«{TEXT}» … !?") == pytest.approx(3.5)


@pytest.mark.parametrize("text", ["", "...", "Muchas gracias a todos.", "图书馆图书馆"])
def test_a_short_text_says_nothing(text: str) -> None:
    pace = learnt(3.5)
    assert pace.expected_s(text, SPANISH) is None
    pace.learn(text, SPANISH, duration_s=1.0, rate_percent=100)
    assert expected_s(pace) == pytest.approx(3.5)


@pytest.mark.parametrize("duration_s", [0.0, 0.5, 60.0])
def test_a_clip_that_cannot_be_of_this_text_says_nothing(duration_s: float) -> None:
    pace = learnt(3.5, duration_s)
    assert expected_s(pace) == pytest.approx(3.5)


@dataclass
class Verbatim:
    """Gives each language a text of its own."""

    texts: Mapping[str, str] = field(default_factory=dict)

    async def translate(self, text: str, *, source: object, target: object) -> str:
        return self.texts.get(getattr(target, "code", ""), text)


@dataclass
class TimedClips(InMemoryClips):
    """Clips of a voice with a pace, at the rate that it is asked for."""

    letters_per_s: float = 15.0
    rate_percent: int = 100

    async def put(self, key: str, mp3: bytes) -> float:
        await super().put(key, mp3)
        letters = sum(each.isalnum() for each in mp3.decode())
        return letters / self.letters_per_s * 100 / self.rate_percent


@dataclass
class Studio:
    synthesizer: ScriptedSynthesizer = field(default_factory=ScriptedSynthesizer)
    translator: Verbatim = field(default_factory=Verbatim)
    clips: TimedClips = field(default_factory=TimedClips)

    def __post_init__(self) -> None:
        self.render = RenderSegment(
            translator=self.translator,
            synthesizer=self.synthesizer,
            clips=self.clips,
            meter=CountingMeter(),
            monotonic_s=Clock().monotonic_s,
        )

    async def draft(self, manner: Manner | None = None, *codes: LanguageCode) -> Drafts:
        languages = codes or (SPANISH,)
        if manner is None:
            return await self.render.draft(TEXT, source=ENGLISH, languages=languages, spoken=languages)
        return await self.render.draft(TEXT, source=ENGLISH, languages=languages, spoken=languages, manner=manner)

    async def prosody(self, manner: Manner | None = None) -> Prosody:
        await self.draft(manner)
        return self.synthesizer.prosodies[-1]


async def test_of_an_unknown_manner_the_voice_speaks_its_own_way() -> None:
    assert await Studio().prosody() == NEUTRAL
    assert await Studio(clips=TimedClips(letters_per_s=5)).prosody(Manner()) == NEUTRAL


async def test_the_speakers_prosody_is_the_voices() -> None:
    carried = Prosody(rate_percent=115, volume_db=-4.0, pitch_percent=95)
    assert await Studio().prosody(Manner(prosody=carried)) == carried
    assert await Studio().prosody(Manner(prosody=carried, spoken_s=60.0)) == carried


@pytest.mark.parametrize(
    ("spoken_s", "rate_percent"),
    [(10.0, 100), (LETTERS / 15, 100), (LETTERS / 15 / 1.1, 110), (LETTERS / 15 / 1.2, 120), (0.5, 125)],
)
async def test_a_voice_is_faster_only_as_far_as_it_would_take_longer(spoken_s: float, rate_percent: int) -> None:
    found = await Studio().prosody(Manner(prosody=Prosody(volume_db=2.0), spoken_s=spoken_s))
    assert found.volume_db == 2.0
    assert abs(found.rate_percent - rate_percent) <= 5
    assert found.rate_percent >= rate_percent


async def test_a_slow_speaker_is_followed_as_slowly_as_there_is_time() -> None:
    slow = Prosody(rate_percent=80)
    assert (await Studio().prosody(Manner(prosody=slow, spoken_s=LETTERS / 15 * 1.4))).rate_percent == 80
    assert (await Studio().prosody(Manner(prosody=slow, spoken_s=LETTERS / 15 * 1.1))).rate_percent in (90, 95)


async def test_a_short_answer_is_never_hurried() -> None:
    studio = Studio(translator=Verbatim({"es": "Muchas gracias."}))
    assert await studio.prosody(Manner(spoken_s=0.3)) == NEUTRAL


async def test_each_language_keeps_up_by_itself_and_learns_from_its_clips() -> None:
    studio = Studio(translator=Verbatim({"fr": TEXT * 2}))
    manner = Manner(spoken_s=LETTERS / 10)
    drafts = await studio.draft(manner, SPANISH, FRENCH)
    assert (drafts[SPANISH].prosody.rate_percent, drafts[FRENCH].prosody.rate_percent) == (100, 125)

    studio.clips.letters_per_s = 9.0
    await studio.render.store(SESSION, 0, {SPANISH: drafts[SPANISH]})
    assert (await studio.draft(manner, SPANISH))[SPANISH].prosody.rate_percent == 115
    assert (await studio.draft(manner, FRENCH))[FRENCH].prosody.rate_percent == 125


async def test_a_hurried_clip_does_not_make_the_voice_seem_faster_than_it_is() -> None:
    studio = Studio(clips=TimedClips(letters_per_s=10.0, rate_percent=125))
    hurried = await studio.draft(Manner(prosody=Prosody(rate_percent=125)))
    for number in range(5):
        await studio.render.store(SESSION, number, hurried)
    assert studio.render.pace.expected_s(TEXT, SPANISH) == pytest.approx(LETTERS / 10)


async def test_what_was_not_spoken_teaches_nothing() -> None:
    studio = Studio(synthesizer=ScriptedSynthesizer(broken={"Lucia"}))
    await studio.render.store(SESSION, 0, await studio.draft())
    assert studio.render.pace.expected_s(TEXT, SPANISH) == pytest.approx(LETTERS / 15)
