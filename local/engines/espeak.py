"""Speaker of many languages: espeak-ng, a process per request.

Synthesis is some hundred times faster than speech, and starting the program takes a few milliseconds.
"""

import asyncio
import contextlib
import math
import re
import shutil
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from babelcast.domain.audio import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import BLOCK_SAMPLES, Blocks
from babelcast.domain.sound.loudness import gated_loudness, k_weighted_power
from local.engines.speech import (
    PITCH_PERCENT,
    RATE_PERCENT,
    SPEAKER_RATE_HZ,
    EngineError,
    EngineFailedError,
    MissingProgramsError,
    UnsupportedVoiceError,
)

WORDS_PER_MINUTE: Final = 185
"""A normal pace. Translations out of English have more words or longer ones: at this setting seven sentences that
flite's ``slt`` speaks in 22 s take 19 s (fr), 21 to 22 s (ca, gl, it) and 24 s (es, pt), so that speech in another
language keeps up with its source."""

_MIN_WORDS_PER_MINUTE: Final = 80
"""Source: espeak-ng's documentation, option ``-s``; its maximum of 450 is beyond Polly's rates."""
_PITCH: Final = 50
_PITCH_STEPS_PER_OCTAVE: Final = 50
"""Its normal pitch, and how many steps double it. Source: espeak-ng, option ``-p`` and ``pitch_adjust_tab``."""
_PITCH_MOVED: Final = 0.7
"""The part of a voice's pitch that the option moves; the intonation is added to it as it is."""

_VOICES: Final = {
    "ar-AE": "ar",
    "arb": "ar",
    "ca-ES": "ca",
    "cmn-CN": "cmn",
    "cs-CZ": "cs",
    "cy-GB": "cy",
    "da-DK": "da",
    "de-AT": "de",
    "de-CH": "de",
    "de-DE": "de",
    "en-AU": "en-gb",
    "en-GB": "en-gb",
    "en-IE": "en-gb",
    "en-IN": "en-gb",
    "en-NZ": "en-gb",
    "en-US": "en-us",
    "en-ZA": "en-gb",
    "es-ES": "es",
    "es-MX": "es-419",
    "es-US": "es-419",
    "fi-FI": "fi",
    "fr-BE": "fr-be",
    "fr-CA": "fr-fr",
    "fr-FR": "fr-fr",
    "hi-IN": "hi",
    "is-IS": "is",
    "it-IT": "it",
    "ja-JP": "ja",
    "ko-KR": "ko",
    "nb-NO": "nb",
    "nl-BE": "nl",
    "nl-NL": "nl",
    "pl-PL": "pl",
    "pt-BR": "pt-br",
    "pt-PT": "pt",
    "ro-RO": "ro",
    "ru-RU": "ru",
    "sv-SE": "sv",
    "tr-TR": "tr",
}
"""espeak-ng's voice by Polly's language code."""

LANGUAGES: Final = frozenset(_VOICES)
"""Polly's codes of the languages that are spoken."""

_OBEYED: Final = re.compile(r"\0|\[\[+")
"""What espeak-ng would not take as text: NUL ends it, ``[[`` begins phoneme names."""
_HEADER_BYTES: Final = 44
_LOUDNESS_LUFS: Final = -27.0
"""A normal level: espeak-ng's peaks are up to 20 dB above its loudness, so that it can be 6 dB louder."""
_SILENCE: Final = 10 ** (-40 / 20)
"""What is softer than this part of the peak is silence at the ends."""
_LEAD_IN_SAMPLES: Final = SPEAKER_RATE_HZ * 50 // 1000
_LEAD_OUT_SAMPLES: Final = SPEAKER_RATE_HZ * 80 // 1000
_NOTHING_SAID_SAMPLES: Final = SPEAKER_RATE_HZ * 100 // 1000


class EspeakSpeaker:
    """A `Speaker`.

    Args:
        deadline_seconds: How long one text may take once it is its turn.
        at_once: How many texts are spoken at the same time; more wait.
        program: Name or path of espeak-ng.
    """

    def __init__(self, *, deadline_seconds: float = 10.0, at_once: int = 4, program: str = "espeak-ng") -> None:
        self._deadline_seconds = deadline_seconds
        self._turns = asyncio.Semaphore(at_once)
        self._program = program

    def check_programs(self) -> None:
        """See whether espeak-ng is installed.

        Raises:
            MissingProgramsError: It is not; the message names the Debian package.
        """
        if shutil.which(self._program) is None:
            raise MissingProgramsError("speaking needs the Debian package espeak-ng")

    async def speak(
        self, text: str, *, language: str, rate_percent: int = 100, volume_db: float = 0.0, pitch_percent: int = 100
    ) -> bytes:
        """Speech with a loudness of -27 LUFS and ``volume_db``, at most 50 ms of silence before and 80 ms after it.

        A text without anything to pronounce gives 100 ms of silence. The slowest pace is espeak-ng's, 43 %.

        Raises:
            UnsupportedVoiceError: Not in this language.
            EngineError: ``rate_percent`` is not in `RATE_PERCENT`, or ``pitch_percent`` not in `PITCH_PERCENT`.
            EngineFailedError: espeak-ng failed or was too slow.
        """
        voice = _VOICES.get(language)
        if voice is None:
            raise UnsupportedVoiceError(f"espeak-ng does not speak {language!r} here")
        if rate_percent not in RATE_PERCENT or pitch_percent not in PITCH_PERCENT:
            raise EngineError(f"a rate of {rate_percent} % or a pitch of {pitch_percent} % is out of range")
        words_per_minute = max(_MIN_WORDS_PER_MINUTE, round(WORDS_PER_MINUTE * rate_percent / 100))
        moved = 1 + (pitch_percent / 100 - 1) / _PITCH_MOVED
        pitch = round(_PITCH + _PITCH_STEPS_PER_OCTAVE * math.log2(moved))
        async with self._turns:
            wav = await self._run(_plain(text), "-v", voice, "-s", str(words_per_minute), "-p", str(pitch))
        return await asyncio.to_thread(_finish, wav, volume_db)

    async def _run(self, text: str, *options: str) -> bytes:
        """What espeak-ng writes: a WAV file."""
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *("--stdin", "--stdout", "-z", "-b", "1", *options),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except FileNotFoundError:
            raise MissingProgramsError("speaking needs the Debian package espeak-ng") from None
        try:
            async with asyncio.timeout(self._deadline_seconds):
                wav, _ = await process.communicate(text.encode())
        except TimeoutError:
            raise EngineFailedError(f"espeak-ng took longer than {self._deadline_seconds:g} s") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode != 0:
            raise EngineFailedError(f"espeak-ng ended with status {process.returncode}")
        return wav


def _plain(text: str) -> str:
    """The text on one line, with nothing in it that espeak-ng obeys."""
    return " ".join(_OBEYED.sub(" ", text).split())


def _finish(wav: bytes, volume_db: float) -> bytes:
    """A WAV file of espeak-ng as trimmed and levelled PCM at `SPEAKER_RATE_HZ`.

    Its header has the standard 44 bytes; the lengths in it are wrong, since it is written before the samples.
    """
    if len(wav) < _HEADER_BYTES:
        # Nothing is written, not even a header, when there is nothing to pronounce.
        return bytes(_NOTHING_SAID_SAMPLES * 2)
    sample_rate_hz = int.from_bytes(wav[24:28], "little")
    whole = len(wav) - (len(wav) - _HEADER_BYTES) % 2
    samples = np.frombuffer(wav[_HEADER_BYTES:whole], dtype="<i2").astype(np.float32) / 32768
    speech = _trim(np.asarray(soxr.resample(samples, sample_rate_hz, SPEAKER_RATE_HZ), dtype=np.float32))
    if not speech.size:
        return bytes(_NOTHING_SAID_SAMPLES * 2)
    speech *= 10 ** ((_LOUDNESS_LUFS - _loudness_lufs(speech) + volume_db) / 20)
    return np.rint(np.clip(speech, -1, 1) * 32767).astype("<i2").tobytes()


def _loudness_lufs(speech: NDArray[np.float32]) -> float:
    """The loudness of samples at `SPEAKER_RATE_HZ`."""
    scaled = soxr.resample(speech / np.abs(speech).max(), SPEAKER_RATE_HZ, SAMPLE_RATE_HZ) / 2
    pcm = np.rint(scaled * 32767).astype("<i2").tobytes()
    whole = pcm + bytes(-len(pcm) % (BLOCK_SAMPLES * BYTES_PER_SAMPLE))
    loudness = gated_loudness([k_weighted_power(each) for each in Blocks().add(whole, start_sample=0)])
    assert loudness is not None, "its peak is half of full scale"
    return loudness + 20 * math.log10(2 * float(np.abs(speech).max()))


def _trim(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without the silence at both ends but for a little; empty when there is only silence."""
    loudness = np.abs(samples)
    peak = float(loudness.max(initial=0.0))
    if peak < 1e-3:
        return samples[:0]
    loud = np.flatnonzero(loudness > peak * _SILENCE)
    return samples[max(0, int(loud[0]) - _LEAD_IN_SAMPLES) : int(loud[-1]) + 1 + _LEAD_OUT_SAMPLES].copy()
