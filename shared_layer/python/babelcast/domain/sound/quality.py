"""What is wrong with the sound: the measurements, and when the speaker is told of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, BLOCKS_PER_S, MEMORY_SAMPLES, Block, Signal
from babelcast.domain.sound.clipping import Clipping
from babelcast.domain.sound.dropouts import Dropouts
from babelcast.domain.sound.echo import Echo, find_echo
from babelcast.domain.sound.hum import hum_dbfs
from babelcast.domain.sound.loudness import gated_loudness
from babelcast.domain.sound.noise import LEAST_SNR_DB, Noise
from babelcast.domain.sound.voice import Voice
from babelcast.domain.sound_issue import Finding, SoundIssue, SoundThresholds, Threshold
from babelcast.domain.speaker_memory import SpeakerMemory

_BLOCK_S: Final = 1 / BLOCKS_PER_S
_DEAD_PEAK: Final = 10 ** (-66 / 20)
"""Around the block's mean, as some converters have an offset. Chosen: 16 steps of 16 bits. Noise at -80 dB of full
scale has no higher peaks; a room at -75, as quiet as those of the benchmarks are, has some in every block."""
_LOUDNESS_BLOCKS: Final = 5 * BLOCKS_PER_S
_ECHO_BLOCKS: Final = BLOCKS_PER_S // 2
"""Between two looks for an echo."""
_HUM_BLOCKS: Final = BLOCKS_PER_S // 2
_SAME_DELAY_S: Final = 0.002
_LOUD_NOISE: Final = 10 ** (-30 / 10)
"""Mean square of noise behind which no speech is seen: what speaks at -22 dB of full scale is 8 dB above it, where
`SoundThresholds.low_snr` is. Source of that level: RFC 7874 (WebRTC's audio), section 4: 2600 of 32767 while somebody
speaks; a browser's gain control comes within 6 dB of it."""
_LOUD_NOISE_BLOCKS: Final = 3 * BLOCKS_PER_S
"""Chosen: the floor follows what lasts for five seconds, so that applause of six is not told, and of twelve is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One issue.

    Attributes:
        is_told: The speaker knows of it.
        told_sample: When it was last told; None for never, or before what has been heard here.
        since_s: How long the value has been beyond the threshold that matters now; None when it is not.
    """

    is_told: bool = False
    told_sample: int | None = None
    since_s: float | None = None

    def after(
        self, value: float, threshold: Threshold, *, elapsed_s: float, sample: int, again_after_s: float
    ) -> "Watch":
        """With a new value."""
        is_beyond = threshold.is_right(value) if self.is_told else threshold.is_wrong(value)
        since_s = (0.0 if self.since_s is None else self.since_s + elapsed_s) if is_beyond else None
        needed_s = threshold.right_after_s if self.is_told else threshold.wrong_after_s
        # A hair less, as tenths of a second do not add up to whole ones.
        is_certain = since_s is not None and (since_s >= needed_s - _BLOCK_S / 2 or threshold.is_surely_wrong(value))
        may_tell = self.told_sample is None or sample - self.told_sample >= again_after_s * SAMPLE_RATE_HZ
        if self.is_told and is_certain:
            return Watch(is_told=False, told_sample=self.told_sample)
        if may_tell and (is_certain or (self.is_told and not is_beyond)):
            return Watch(is_told=True, told_sample=sample)
        return replace(self, since_s=since_s)

    def is_news_after(self, before: "Watch") -> bool:
        """Whether the speaker is to be told; what was told before anything was heard here lasts, and is no news."""
        is_again = self.is_told and before.told_sample not in {None, self.told_sample}
        return self.is_told != before.is_told or is_again


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SoundQuality:
    """The measurements after some audio; `after` gives them after more of it.

    Attributes:
        thresholds: What the speaker is told of.
        watches: By issue; what is not in it has never been wrong.
        has_heard: Something other than silence has been heard in this session.
        noise, voice, clipping, dropouts: What they are called.
        powers: K-weighted, of the last blocks.
        silent_blocks: Without a break, up to now.
        loud_noise_blocks: The same, of noise that is as loud as speech.
        echo: The likeliest one when it was last looked for.
        hum_dbfs: When it was last measured; None before.
    """

    thresholds: SoundThresholds = field(default_factory=SoundThresholds)
    watches: Mapping[SoundIssue, Watch] = field(default_factory=lambda: MappingProxyType({}))
    has_heard: bool = False
    noise: Noise = field(default_factory=Noise)
    voice: Voice = field(default_factory=Voice)
    clipping: Clipping = field(default_factory=Clipping)
    dropouts: Dropouts = field(default_factory=Dropouts)
    powers: tuple[float, ...] = ()
    silent_blocks: int = 0
    loud_noise_blocks: int = 0
    echo: Echo | None = None
    hum_dbfs: float | None = None

    @classmethod
    def remembered(cls, memory: SpeakerMemory | None, thresholds: SoundThresholds) -> "SoundQuality":
        """Before any audio, in a session of which something may be known."""
        known = memory or SpeakerMemory()
        watches = {issue: Watch(is_told=True) for issue in known.told}
        return cls(thresholds=thresholds, watches=MappingProxyType(watches), has_heard=known.has_heard)

    @property
    def told(self) -> frozenset[SoundIssue]:
        """What the speaker knows to be wrong."""
        return frozenset(issue for issue, watch in self.watches.items() if watch.is_told)

    @property
    def speech_lufs(self) -> float | None:
        """Loudness of the last 5 s, pauses left out; None where nobody speaks."""
        return gated_loudness(self.powers) if self.voice.is_heard and self.noise.snr_db is not None else None

    def after(self, block: Block, power: float, pitches_hz: Signal) -> tuple["SoundQuality", tuple[Finding, ...]]:
        """With one more block; after a break in the audio, measuring begins anew.

        Args:
            block: Follows on the last one.
            power: Its K-weighted mean square.
            pitches_hz: Of its frames; NaN where there is no voice.
        """
        before = self
        if block.known_samples == BLOCK_SAMPLES:
            before = SoundQuality(thresholds=self.thresholds, watches=self.watches, has_heard=self.has_heard)
        return before._with(block, power, pitches_hz).judged(block, before.echo)

    def _with(self, block: Block, power: float, pitches_hz: Signal) -> "SoundQuality":
        is_silent = float(np.max(np.abs(block.samples - np.mean(block.samples)))) < _DEAD_PEAK
        noise = self.noise.after(block)
        is_full = block.known_samples == MEMORY_SAMPLES
        number = block.end_sample // BLOCK_SAMPLES
        return replace(
            self,
            noise=noise,
            voice=self.voice.after(pitches_hz),
            clipping=self.clipping.after(block),
            dropouts=self.dropouts.after(block),
            powers=(*self.powers, power)[-_LOUDNESS_BLOCKS:],
            silent_blocks=self.silent_blocks + 1 if is_silent else 0,
            loud_noise_blocks=self.loud_noise_blocks + 1 if noise.floor >= _LOUD_NOISE else 0,
            has_heard=self.has_heard or not is_silent,
            echo=find_echo(block.memory) if is_full and number % _ECHO_BLOCKS == 0 else self.echo,
            hum_dbfs=hum_dbfs(block.memory) if is_full and number % _HUM_BLOCKS == 0 else self.hum_dbfs,
        )

    def judged(self, block: Block, earlier_echo: Echo | None) -> tuple["SoundQuality", tuple[Finding, ...]]:
        """What the latest measurements mean for the speaker.

        Args:
            block: The latest.
            earlier_echo: As it was before it.
        """
        watches = dict(self.watches)
        findings = []
        for issue, value, shown, elapsed_s in self._values(block, earlier_echo):
            watch = watches.get(issue, Watch())
            watches[issue] = watch.after(
                value,
                self._threshold(issue),
                elapsed_s=elapsed_s,
                sample=block.end_sample,
                again_after_s=self.thresholds.again_after_s,
            )
            if watches[issue].is_news_after(watch):
                findings.append(Finding(issue=issue, value=shown, resolved=not watches[issue].is_told))
        return replace(self, watches=MappingProxyType(watches)), tuple(findings)

    def _threshold(self, issue: SoundIssue) -> Threshold:
        threshold: Threshold = getattr(self.thresholds, issue.value)
        if issue is SoundIssue.SILENCE and not self.has_heard:
            return replace(threshold, wrong=self.thresholds.first_silence_s)
        return threshold

    def _values(self, block: Block, earlier_echo: Echo | None) -> list[tuple[SoundIssue, float, float, float]]:
        """What has a value now: the issue, its value, as the speaker is told, and the time since the last one."""
        silent_s = self.silent_blocks * _BLOCK_S
        values = [(SoundIssue.SILENCE, silent_s, silent_s, _BLOCK_S)]
        if self.silent_blocks:
            return values
        number = block.end_sample // BLOCK_SAMPLES
        ratio, holes = self.clipping.ratio, self.dropouts.count
        values.append((SoundIssue.CLIPPING, ratio, ratio, _BLOCK_S))
        values.append((SoundIssue.DROPOUTS, holes, holes, _BLOCK_S))
        if block.known_samples < MEMORY_SAMPLES - BLOCK_SAMPLES * BLOCKS_PER_S // 2:
            return values
        is_spoken = self.voice.is_heard
        snr_db = self.noise.snr_db if is_spoken else None
        if snr_db is None and self.loud_noise_blocks >= _LOUD_NOISE_BLOCKS:
            values.append((SoundIssue.LOW_SNR, LEAST_SNR_DB, LEAST_SNR_DB, _BLOCK_S))
        if snr_db is not None:
            values.append((SoundIssue.LOW_SNR, snr_db, snr_db, _BLOCK_S))
            if (loudness := gated_loudness(self.powers)) is not None:
                values.append((SoundIssue.TOO_QUIET, loudness, loudness, _BLOCK_S))
        is_full = block.known_samples == MEMORY_SAMPLES
        if self.echo is not None and is_spoken and is_full and number % _ECHO_BLOCKS == 0:
            evidence = self._echo_evidence(self.echo, earlier_echo)
            values.append((SoundIssue.ECHO, evidence, self.echo.delay_s * 1000, _ECHO_BLOCKS * _BLOCK_S))
        if self.hum_dbfs is not None and number % _HUM_BLOCKS == 0:
            values.append((SoundIssue.HUM, self.hum_dbfs, self.hum_dbfs, _HUM_BLOCKS * _BLOCK_S))
        return values

    def _echo_evidence(self, echo: Echo, earlier: Echo | None) -> float:
        """An echo comes back after the same time again; what does not is none, unless it is very strong."""
        if self.thresholds.echo.is_surely_wrong(echo.evidence):
            return echo.evidence
        if earlier is None or abs(echo.delay_s - earlier.delay_s) > _SAME_DELAY_S:
            return 0.0
        return min(echo.evidence, earlier.evidence)
