"""The one table of languages: what can be spoken into Babelcast and what can be heard and read from it.

A row carries each vendor's code, so that adding a language is adding a row. A stage enables a subset
(settings ``SOURCE_LANGUAGES`` and ``TARGET_LANGUAGES``); a code outside the enabled subset is refused with
``UNSUPPORTED_LANGUAGE``.

Source: Transcribe Streaming, Translate and Polly language tables as published by AWS and enumerated in
botocore 1.44.5 (``polly.VoiceId``, ``polly.LanguageCode``, ``transcribe.LanguageCode``), read 2026-11-20.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NewType

from babelcast.domain.errors import UnsupportedLanguageError

LanguageCode = NewType("LanguageCode", str)
"""A language as the protocol names it: ISO 639-1, with a region only where two are offered (``zh``, ``zh-TW``)."""


class SpeechEngine(StrEnum):
    """Polly's engines in use; neural sounds better and allows 8 requests/s, standard 80/s."""

    NEURAL = "neural"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A Polly voice. ``language_code`` is Polly's own (``es-ES``), also sent with each request.

    Attributes:
        engine: The best engine that the voice has.
        has_standard: Whether the voice can fall back to the standard engine.
    """

    voice_id: str
    language_code: str
    engine: SpeechEngine
    has_standard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language.

    Attributes:
        code: The code on the wire.
        english_name: Name in English, for operators.
        native_name: Name in the language itself, for pickers.
        transcribe_code: Transcribe Streaming's code, or None when it cannot be spoken into a session.
        translate_code: Translate's code.
        voice: The voice that speaks it, or None when it is delivered as text only.
        joins_words: Words are written without spaces between them (Chinese, Japanese, Thai).
        right_to_left: Written from right to left.
        full_stop: What closes a statement in Transcribe's text.
    """

    code: LanguageCode
    english_name: str
    native_name: str
    transcribe_code: str | None
    translate_code: str
    voice: Voice | None
    joins_words: bool = False
    right_to_left: bool = False
    full_stop: str = "."

    @property
    def is_spoken(self) -> bool:
        """Whether listeners of this language hear it; otherwise they read it."""
        return self.voice is not None


def _neural(voice_id: str, language_code: str, *, has_standard: bool = False) -> Voice:
    return Voice(voice_id=voice_id, language_code=language_code, engine=SpeechEngine.NEURAL, has_standard=has_standard)


def _standard(voice_id: str, language_code: str) -> Voice:
    return Voice(voice_id=voice_id, language_code=language_code, engine=SpeechEngine.STANDARD, has_standard=True)


def _language(
    code: str,
    english_name: str,
    native_name: str,
    transcribe_code: str | None,
    voice: Voice | None,
    *,
    translate_code: str | None = None,
    joins_words: bool = False,
    right_to_left: bool = False,
    full_stop: str = ".",
) -> Language:
    return Language(
        code=LanguageCode(code),
        english_name=english_name,
        native_name=native_name,
        transcribe_code=transcribe_code,
        translate_code=translate_code or code,
        voice=voice,
        joins_words=joins_words,
        right_to_left=right_to_left,
        full_stop=full_stop,
    )


_ROWS: Final = (
    _language("ar", "Arabic", "العربية", "ar-SA", _neural("Hala", "ar-AE"), right_to_left=True),
    _language("bg", "Bulgarian", "Български", "bg-BG", None),
    _language("ca", "Catalan", "Català", "ca-ES", _neural("Arlet", "ca-ES")),
    _language("cs", "Czech", "Čeština", "cs-CZ", _neural("Jitka", "cs-CZ")),
    _language("cy", "Welsh", "Cymraeg", None, _standard("Gwyneth", "cy-GB")),
    _language("da", "Danish", "Dansk", "da-DK", _neural("Sofie", "da-DK")),
    _language("de", "German", "Deutsch", "de-DE", _neural("Vicki", "de-DE", has_standard=True)),
    _language("el", "Greek", "Ελληνικά", "el-GR", None),
    _language("en", "English", "English", "en-US", _neural("Joanna", "en-US", has_standard=True)),
    _language("es", "Spanish", "Español", "es-ES", _neural("Lucia", "es-ES", has_standard=True)),
    _language("et", "Estonian", "Eesti", "et-EE", None),
    _language("fa", "Persian", "فارسی", "fa-IR", None, right_to_left=True),
    _language("fi", "Finnish", "Suomi", "fi-FI", _neural("Suvi", "fi-FI")),
    _language("fr", "French", "Français", "fr-FR", _neural("Lea", "fr-FR", has_standard=True)),
    # Translate has no Galician, so a stage on AWS does not enable it; Polly's Spanish voice reads it well.
    _language("gl", "Galician", "Galego", "gl-ES", _neural("Lucia", "es-ES", has_standard=True)),
    _language("he", "Hebrew", "עברית", "he-IL", None, right_to_left=True),
    _language("hi", "Hindi", "हिन्दी", "hi-IN", _neural("Kajal", "hi-IN"), full_stop="।"),
    _language("hr", "Croatian", "Hrvatski", "hr-HR", None),
    _language("hu", "Hungarian", "Magyar", "hu-HU", None),
    _language("id", "Indonesian", "Bahasa Indonesia", "id-ID", None),
    _language("is", "Icelandic", "Íslenska", "is-IS", _standard("Dora", "is-IS")),
    _language("it", "Italian", "Italiano", "it-IT", _neural("Bianca", "it-IT", has_standard=True)),
    _language("ja", "Japanese", "日本語", "ja-JP", _neural("Tomoko", "ja-JP"), joins_words=True, full_stop="。"),
    _language("ko", "Korean", "한국어", "ko-KR", _neural("Seoyeon", "ko-KR", has_standard=True)),
    _language("lt", "Lithuanian", "Lietuvių", "lt-LT", None),
    _language("lv", "Latvian", "Latviešu", "lv-LV", None),
    _language("nl", "Dutch", "Nederlands", "nl-NL", _neural("Laura", "nl-NL")),
    _language("no", "Norwegian", "Norsk", "no-NO", _neural("Ida", "nb-NO")),
    _language("pl", "Polish", "Polski", "pl-PL", _neural("Ola", "pl-PL")),
    _language("pt", "Portuguese", "Português", "pt-PT", _neural("Ines", "pt-PT"), translate_code="pt-PT"),
    _language("pt-BR", "Brazilian Portuguese", "Português (Brasil)", "pt-BR",
              _neural("Camila", "pt-BR", has_standard=True), translate_code="pt"),
    _language("ro", "Romanian", "Română", "ro-RO", _standard("Carmen", "ro-RO")),
    _language("ru", "Russian", "Русский", "ru-RU", _standard("Tatyana", "ru-RU")),
    _language("sk", "Slovak", "Slovenčina", "sk-SK", None),
    _language("sl", "Slovenian", "Slovenščina", "sl-SI", None),
    _language("sv", "Swedish", "Svenska", "sv-SE", _neural("Elin", "sv-SE")),
    _language("th", "Thai", "ไทย", "th-TH", None, joins_words=True, full_stop=""),
    _language("tr", "Turkish", "Türkçe", "tr-TR", _neural("Burcu", "tr-TR")),
    _language("uk", "Ukrainian", "Українська", "uk-UA", None),
    _language("vi", "Vietnamese", "Tiếng Việt", "vi-VN", None),
    _language("zh", "Chinese (Simplified)", "中文（简体）", "zh-CN",
              _neural("Zhiyu", "cmn-CN", has_standard=True), joins_words=True, full_stop="。"),
    _language("zh-TW", "Chinese (Traditional)", "中文（繁體）", "zh-TW", None, joins_words=True,
              full_stop="。"),
)  # fmt: skip

LANGUAGES: Final[Mapping[LanguageCode, Language]] = MappingProxyType({row.code: row for row in _ROWS})
"""Every language by its code."""


def language(code: str) -> Language:
    """The language of a code.

    Raises:
        UnsupportedLanguageError: No such language.
    """
    try:
        return LANGUAGES[LanguageCode(code)]
    except KeyError:
        raise UnsupportedLanguageError(f"language {code!r} is not known") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOffer:
    """The languages that a stage enables."""

    sources: frozenset[LanguageCode]
    targets: frozenset[LanguageCode]

    def __post_init__(self) -> None:
        for code in self.sources:
            if language(code).transcribe_code is None:
                raise UnsupportedLanguageError(f"language {code!r} cannot be spoken into a session")
        for code in self.targets:
            language(code)

    @classmethod
    def of(cls, *, sources: Iterable[str], targets: Iterable[str]) -> "LanguageOffer":
        """The offer of plain codes.

        Raises:
            UnsupportedLanguageError: A code is unknown, or a source language has no recogniser.
        """
        return cls(
            sources=frozenset(LanguageCode(code) for code in sources),
            targets=frozenset(LanguageCode(code) for code in targets),
        )

    def require_source(self, code: str) -> LanguageCode:
        """The code, if it can be spoken here.

        Raises:
            UnsupportedLanguageError: It cannot.
        """
        if LanguageCode(code) not in self.sources:
            raise UnsupportedLanguageError(f"source language {code!r} is not offered")
        return LanguageCode(code)

    def require_target(self, code: str) -> LanguageCode:
        """The code, if it can be listened to here.

        Raises:
            UnsupportedLanguageError: It cannot.
        """
        if LanguageCode(code) not in self.targets:
            raise UnsupportedLanguageError(f"target language {code!r} is not offered")
        return LanguageCode(code)
