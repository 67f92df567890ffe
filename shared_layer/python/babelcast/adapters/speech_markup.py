"""SSML, as far as Amazon Polly's engines obey it.

Source: Amazon Polly developer guide, "prosody" tag, "Reserved characters in SSML" and "Quotas"; XML 1.0, production 2.
"""

import re
from typing import Final
from xml.sax.saxutils import escape

from babelcast.domain.dynamics import Prosody
from babelcast.domain.languages import SpeechEngine

MAX_CHARACTERS: Final = 6_000
"""Of a request, tags included."""

_QUOTES: Final = {'"': "&quot;", "'": "&apos;"}
_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def speech_markup(text: str, prosody: Prosody, *, engine: SpeechEngine) -> str | None:
    """SSML that has a text spoken in a certain way, in one element around the whole of it.

    Only what differs from the voice's own way is in it, the level in whole decibels. The pitch is for the standard
    engine alone: the others refuse the attribute. Characters that XML cannot hold are left out.

    Returns:
        None where plain text says the same, or where the markup would be longer than a request may be.
    """
    attributes = "".join(f' {name}="{value}"' for name, value in _attributes(prosody, engine).items())
    if not attributes:
        return None
    content = escape(_NOT_IN_XML.sub("", text), _QUOTES)
    markup = f"<speak><prosody{attributes}>{content}</prosody></speak>"
    return markup if len(markup) <= MAX_CHARACTERS else None


def _attributes(prosody: Prosody, engine: SpeechEngine) -> dict[str, str]:
    found = {}
    if prosody.rate_percent != 100:
        found["rate"] = f"{prosody.rate_percent}%"
    if round(prosody.volume_db):
        found["volume"] = f"{round(prosody.volume_db):+d}dB"
    if prosody.pitch_percent != 100 and engine is SpeechEngine.STANDARD:
        found["pitch"] = f"{prosody.pitch_percent - 100:+d}%"
    return found
