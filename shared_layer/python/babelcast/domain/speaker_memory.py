"""What is known of a speaker's sound: what another environment needs to go on as if it had heard everything."""

from dataclasses import dataclass

from babelcast.domain.dynamics import SpeakerBaseline
from babelcast.domain.sound_issue import SoundIssue


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerMemory:
    """As of the cursor that it is kept with.

    Attributes:
        has_heard: Something other than silence has been heard.
        told: What the speaker knows to be wrong with the sound.
        baseline: How the speaker usually speaks; None before there is a segment.
    """

    has_heard: bool = False
    told: frozenset[SoundIssue] = frozenset()
    baseline: SpeakerBaseline | None = None
