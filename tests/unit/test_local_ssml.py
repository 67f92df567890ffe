"""The SSML that the local Polly understands, and what it refuses as Polly does."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babelcast.adapters.speech_markup import speech_markup
from babelcast.domain.dynamics import Prosody
from babelcast.domain.languages import SpeechEngine
from local.services.ssml import InvalidSsmlError, SpokenText, read_ssml

NEURAL, STANDARD = SpeechEngine.NEURAL, SpeechEngine.STANDARD


def spoken(content: str, engine: SpeechEngine = STANDARD) -> list[SpokenText]:
    return list(read_ssml(f"<speak>{content}</speak>", engine).texts)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('rate="80%"', SpokenText(text="a", rate_percent=80)),
        ('rate="200%"', SpokenText(text="a", rate_percent=200)),
        ('rate="x-slow"', SpokenText(text="a", rate_percent=50)),
        ('volume="+3dB"', SpokenText(text="a", volume_db=3.0)),
        ('volume="-4.08dB"', SpokenText(text="a", volume_db=-4.08)),
        ('volume="x-soft"', SpokenText(text="a", volume_db=-12.0)),
        ('volume="silent"', SpokenText(text="a", volume_db=-math.inf)),
        ('pitch="+10%"', SpokenText(text="a", pitch_percent=110)),
        ('pitch="low"', SpokenText(text="a", pitch_percent=90)),
        ('volume="-6dB" rate="110%" pitch="-5%"',
         SpokenText(text="a", rate_percent=110, volume_db=-6.0, pitch_percent=95)),
    ],
)  # fmt: skip
def test_attributes_are_read(attributes: str, expected: SpokenText) -> None:
    assert spoken(f"<prosody {attributes}>a</prosody>") == [expected]


def test_an_element_within_another_goes_on_from_it() -> None:
    assert spoken(
        'a <prosody rate="80%" volume="-3dB">b <prosody rate="120%" volume="-3dB" pitch="+5%">c</prosody> d</prosody> e'
        '<prosody pitch="-5%"><s>f</s> <prosody pitch="-5%" volume="default">g</prosody></prosody>'
    ) == [
        SpokenText(text="a"),
        SpokenText(text="b", rate_percent=80, volume_db=-3.0),
        SpokenText(text="c", rate_percent=120, volume_db=-6.0, pitch_percent=105),
        SpokenText(text="d", rate_percent=80, volume_db=-3.0),
        SpokenText(text="e"),
        SpokenText(text="f", pitch_percent=95),
        SpokenText(text="g", pitch_percent=90),
    ]


def test_what_is_spoken_alike_is_one_text() -> None:
    assert spoken("<p><s>One.</s>\n  <s>Two.</s></p>") == [SpokenText(text="One. Two.")]
    assert spoken(' <prosody rate="90%">a</prosody> ') == [SpokenText(text="a", rate_percent=90)]
    assert spoken(' <prosody rate="90%"> </prosody> ') == [SpokenText(text="")]


def test_tags_are_not_billed() -> None:
    ssml = '<speak> a &amp; b <prosody rate="90%">&lt;c&gt;</prosody></speak>'
    assert read_ssml(ssml, NEURAL).billed_characters == len(" a & b <c>")


@pytest.mark.parametrize(
    "ssml",
    [
        "", "a", "<speak>", "<speak>a & b</speak>", "<speak>\x00</speak>", "<say>a</say>",
        "<speak><break/>a</speak>", "<speak><prosody>a</prosody></speak>",
        *(
            f"<speak><prosody {attribute}>a</prosody></speak>"
            for attribute in (
                'rate="10x"', 'rate="19%"', 'rate="201%"', 'rate="+10%"', 'rate="100"', 'volume="3dB"', 'volume="+3"',
                'volume="louder"', 'pitch="10%"', 'pitch="+2st"', 'pitch="+31%"', 'pitch="-31%"', 'tempo="80%"',
                'rate="90%" amazon="x"',
            )
        ),
        '<speak><prosody pitch="+20%"><prosody pitch="+20%">a</prosody></prosody></speak>',
    ],
)  # fmt: skip
def test_anything_else_is_refused(ssml: str) -> None:
    with pytest.raises(InvalidSsmlError):
        read_ssml(ssml, STANDARD)


def test_the_pitch_is_the_standard_engines() -> None:
    ssml = '<speak><prosody pitch="+0%">a</prosody></speak>'
    assert read_ssml(ssml, STANDARD).texts == (SpokenText(text="a"),)
    with pytest.raises(InvalidSsmlError, match="neural"):
        read_ssml(ssml, NEURAL)


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60),
    st.integers(80, 125),
    st.integers(-6, 6),
    st.integers(90, 110),
    st.sampled_from(SpeechEngine),
)
def test_what_babelcast_writes_is_understood(
    text: str, rate_percent: int, volume_db: int, pitch_percent: int, engine: SpeechEngine
) -> None:
    prosody = Prosody(rate_percent=rate_percent, volume_db=volume_db, pitch_percent=pitch_percent)
    markup = speech_markup(text, prosody, engine=engine)
    if markup is None:
        return
    document = read_ssml(markup, engine)
    assert document.billed_characters == len(text)
    if text.split():
        [found] = document.texts
        assert found == SpokenText(
            text=" ".join(text.split()),
            rate_percent=rate_percent,
            volume_db=volume_db,
            pitch_percent=pitch_percent if engine is STANDARD else 100,
        )
