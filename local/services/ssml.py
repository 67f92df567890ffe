"""SSML as Amazon Polly reads it, as far as Babelcast has any use for it: texts, each with its prosody.

Source: Amazon Polly developer guide, "prosody" tag and "Supported SSML tags". It does not say how much its words
(``x-soft``, ``fast``, ``high``) are worth; here they are worth what the tables say.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from xml.etree import ElementTree as ET

from babelcast.domain.languages import SpeechEngine
from local.engines.speech import PITCH_PERCENT, RATE_PERCENT

_RATES: Final = {"x-slow": 50, "slow": 75, "medium": 100, "fast": 120, "x-fast": 150}
_VOLUMES_DB: Final = {
    "default": 0.0, "silent": -math.inf, "x-soft": -12.0, "soft": -6.0, "medium": 0.0, "loud": 3.0, "x-loud": 6.0,
}  # fmt: skip
_PITCHES: Final = {"default": 100, "x-low": 80, "low": 90, "medium": 100, "high": 110, "x-high": 120}

_PERCENT: Final = re.compile(r"(\d{1,3})%")
_DECIBELS: Final = re.compile(r"([+-]\d{1,2}(?:\.\d+)?)dB")
_MORE_OR_LESS: Final = re.compile(r"([+-]\d{1,2})%")

_ATTRIBUTES: Final = {
    SpeechEngine.NEURAL: frozenset({"rate", "volume"}),
    SpeechEngine.STANDARD: frozenset({"rate", "volume", "pitch"}),
}
_TAGS: Final = frozenset({"speak", "prosody", "s", "p"})


class InvalidSsmlError(Exception):
    """No SSML, or something in it that the engine does not do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """A text and how it is spoken.

    Attributes:
        volume_db: Against the voice's own level; minus infinity is silence.
    """

    text: str
    rate_percent: int = 100
    volume_db: float = 0.0
    pitch_percent: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenDocument:
    """A document.

    Attributes:
        texts: In order; those that follow each other differ in how they are spoken. Where there is nothing to say, one
            that is empty.
        billed_characters: All but the tags.
    """

    texts: tuple[SpokenText, ...]
    billed_characters: int


def read_ssml(ssml: str, engine: SpeechEngine) -> SpokenDocument:
    """Read a document.

    An element within another changes what the outer one says: its rate takes the place of the outer one's, its volume
    and pitch are added to it.

    Raises:
        InvalidSsmlError: It is refused.
    """
    try:
        root = ET.fromstring(ssml)
    except (ET.ParseError, ValueError):
        raise InvalidSsmlError("invalid SSML request") from None
    if root.tag != "speak" or any(each.tag not in _TAGS for each in root.iter()):
        raise InvalidSsmlError("only speak, prosody, s and p are understood here")
    texts: list[SpokenText] = []
    billed_characters = 0
    for piece in _pieces(root, SpokenText(text=""), engine):
        billed_characters += len(piece.text)
        if texts and replace(piece, text="") == replace(texts[-1], text=""):
            texts[-1] = replace(piece, text=texts[-1].text + piece.text)
        elif piece.text.strip():
            texts.append(piece)
    said = tuple(replace(each, text=" ".join(each.text.split())) for each in texts)
    return SpokenDocument(texts=said or (SpokenText(text=""),), billed_characters=billed_characters)


def _pieces(element: ET.Element, outer: SpokenText, engine: SpeechEngine) -> Iterator[SpokenText]:
    """The texts within an element, in order."""
    manner = _changed(outer, element, engine) if element.tag == "prosody" else outer
    yield replace(manner, text=element.text or "")
    for child in element:
        yield from _pieces(child, manner, engine)
        yield replace(manner, text=child.tail or "")


def _changed(outer: SpokenText, prosody: ET.Element, engine: SpeechEngine) -> SpokenText:
    if not prosody.attrib:
        raise InvalidSsmlError("prosody needs an attribute")
    if not set(prosody.keys()) <= _ATTRIBUTES[engine]:
        raise InvalidSsmlError(f"unsupported {engine.value} feature")
    rate_percent = _rate_percent(prosody.get("rate"), outer.rate_percent)
    pitch_percent = _pitch_percent(prosody.get("pitch"), outer.pitch_percent)
    if rate_percent not in RATE_PERCENT or pitch_percent not in PITCH_PERCENT:
        raise InvalidSsmlError("a rate or a pitch out of range")
    return replace(
        outer,
        rate_percent=rate_percent,
        volume_db=_volume_db(prosody.get("volume"), outer.volume_db),
        pitch_percent=pitch_percent,
    )


def _rate_percent(value: str | None, outer: int) -> int:
    if value is None:
        return outer
    if value in _RATES:
        return _RATES[value]
    return int(_number(_PERCENT, value))


def _volume_db(value: str | None, outer: float) -> float:
    if value is None:
        return outer
    if value in _VOLUMES_DB:
        return _VOLUMES_DB[value]
    return outer + _number(_DECIBELS, value)


def _pitch_percent(value: str | None, outer: int) -> int:
    if value is None:
        return outer
    if value in _PITCHES:
        return _PITCHES[value]
    return outer + int(_number(_MORE_OR_LESS, value))


def _number(form: re.Pattern[str], value: str) -> float:
    found = form.fullmatch(value)
    if found is None:
        raise InvalidSsmlError("invalid value of an attribute of prosody")
    return float(found[1])
