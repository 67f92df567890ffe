"""What can be wrong with a speaker's sound, what the speaker is told, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SoundIssue(StrEnum):
    """What is wrong; the names are on the wire."""

    SILENCE = "silence"
    TOO_QUIET = "too_quiet"
    CLIPPING = "clipping"
    LOW_SNR = "low_snr"
    ECHO = "echo"
    HUM = "hum"
    DROPOUTS = "dropouts"


ADVICE: Final[Mapping[SoundIssue, str]] = MappingProxyType(
    {
        SoundIssue.SILENCE: "We hear nothing. Is the right microphone chosen, plugged in and switched on?",
        SoundIssue.TOO_QUIET: "You are very quiet. Come closer to the microphone, or turn it up.",
        SoundIssue.CLIPPING: "Your sound is distorted. Turn the microphone down, or move away from it a little.",
        SoundIssue.LOW_SNR: "There is much noise. Come closer to the microphone, or turn off what makes the noise.",
        SoundIssue.ECHO: "There is an echo. Turn down the loudspeakers, or move the microphone away from them.",
        SoundIssue.HUM: "Your sound hums. Try another cable or socket, or unplug the charger.",
        SoundIssue.DROPOUTS: "Your sound has holes. Close other programs, or try another cable or microphone.",
    }
)
"""In words, for a speaker who knows nothing of sound."""

RESOLVED: Final = "This is better now."


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something is wrong, or is not any more.

    Attributes:
        value: In the unit of `SoundThresholds`; the echo's is its delay in milliseconds.
        resolved: It is over.
    """

    issue: SoundIssue
    value: float
    resolved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When something counts as wrong, and when as right again; between the two nothing changes.

    Attributes:
        wrong: From this value on.
        right: From this value on; on the other side of `wrong`.
        wrong_after_s: It has been wrong for so long without a break.
        right_after_s: The same.
        surely_wrong: From this value on it is wrong at once.
    """

    wrong: float
    right: float
    wrong_after_s: float = 0.0
    right_after_s: float = 0.0
    surely_wrong: float | None = None

    def is_wrong(self, value: float) -> bool:
        """Whether a value is beyond the one threshold."""
        return value >= self.wrong if self.wrong > self.right else value <= self.wrong

    def is_surely_wrong(self, value: float) -> bool:
        """Whether it need not be confirmed."""
        return self.surely_wrong is not None and value >= self.surely_wrong

    def is_right(self, value: float) -> bool:
        """Whether it is beyond the other."""
        return value <= self.right if self.wrong > self.right else value >= self.right


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundThresholds:
    """What a speaker is told of.

    Attributes:
        silence: Seconds without any sound. Chosen: a pause in a quiet room with a browser's noise suppression can be as
            silent as a dead microphone, so that it takes longer than speakers pause once something has been heard.
        first_silence_s: The same before anything has been heard. Chosen: whoever begins is told within 5 s, a
            second for the way there included.
        too_quiet: Loudness of the speech, LUFS. Speech is broadcast at -23 (EBU R 128); 20 LU less leave a 16-bit
            recogniser enough, yet mean that the microphone is far away.
        clipping: Share of samples at full scale in two seconds. The local recogniser gets 7 % of the words wrong
            without any, 8 % at this share and 19 % at ten times as much: it is told before it hurts
            (`make bench-signal`). What was cut off at 48 kHz and resampled is counted at 50 to 85 % of the truth.
        low_snr: dB. Noise makes every large recogniser worse; below 10 dB those that are best without any fall behind
            the most robust one. Source: A. Radford et al., "Robust speech recognition via large-scale weak
            supervision", 2022, section 3.7. The local one, which gets 41 % of the words wrong at 25 dB and all of
            them at 10, is no measure of them (`make bench-signal`).
        echo: Evidence, the less of two looks that found the same delay, or of one that is sure. An echo at -20 dB has
            less in none of the looks after 100 ms and in one of five after 500 ms. Speech without an echo had 0.033 at
            most in one look, and none in three at the same delay (`make bench-signal`).
        hum: dB of full scale. Chosen: 20 to 25 dB below the mean of speech, where it is heard in every pause; speech
            without any has none at all, and hum at this level is measured to 6 dB (`tests/unit/test_sound_hum.py`).
        dropouts: Holes in ten seconds. Chosen: one may be a click or a plug that was touched, three come back; nine
            clean voices have none in 30 s (`tests/unit/test_sound_dropouts.py`).
        right_after_s of each: Chosen: longer than the pauses between sentences, so that one of them is no end of it; an
            echo's is a second more, as one look in five does not find the faintest. Silence is over with the first
            sound, and holes once ten seconds have none.
        again_after_s: What lasts is told again so often, and what comes back no sooner. A notice that is lost on its
            way does no harm for longer.
    """

    silence: Threshold = Threshold(wrong=8.0, right=0.0)
    first_silence_s: float = 4.0
    too_quiet: Threshold = Threshold(wrong=-43.0, right=-40.0, wrong_after_s=2.0, right_after_s=3.0)
    clipping: Threshold = Threshold(wrong=0.003, right=0.0005, wrong_after_s=0.3, right_after_s=3.0)
    low_snr: Threshold = Threshold(wrong=8.0, right=11.0, wrong_after_s=1.0, right_after_s=3.0)
    echo: Threshold = Threshold(wrong=0.03, right=0.025, wrong_after_s=0.5, right_after_s=4.0, surely_wrong=0.06)
    hum: Threshold = Threshold(wrong=-50.0, right=-55.0, wrong_after_s=0.5, right_after_s=3.0)
    dropouts: Threshold = Threshold(wrong=3, right=0)
    again_after_s: float = 30.0
