"""Clean speech of several voices, with what is known of it: when its sounds are spoken, and how fast.

Signals are mono, at 16 000 Hz, between -1 and 1. The same arguments give the same samples.
"""

import functools
import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr

from babelcast.domain.audio import SAMPLE_RATE_HZ
from babelcast.domain.sound.blocks import Signal
from babelcast.domain.transcript import Word
from benchmarks.signal.truth import active_level_db
from scripts.make_samples import read_sentences

FLITE_VOICES: Final = ("slt", "rms", "awb", "kal16")
ESPEAK_VOICES: Final = ("en-us", "en-us+f1", "es", "fr", "de")
"""Not all variants of espeak-ng's voices are clean: f2 to f5, for example, have an echo of their own."""
VOICES: Final = (*FLITE_VOICES, *ESPEAK_VOICES)

SPEECH_LEVEL_DB: Final = -26.0
"""Active speech level of what is made here."""
ROOM_LEVEL_DB: Final = -75.0
"""Noise of a quiet room."""

_SENTENCES: Final = read_sentences(Path(__file__).parent.parent / "continuity.txt")
_FOREIGN: Final = {
    "es": (
        "Buenos días y gracias por venir a esta reunión.",
        "La biblioteca pública abre el lunes por la mañana y cierra el viernes.",
        "Muchos vecinos preguntan por el precio del agua.",
        "En otoño plantaremos más árboles junto al río.",
    ),
    "fr": (
        "Bonjour et merci d'être venus à cette réunion.",
        "La bibliothèque ouvre le lundi matin et ferme le vendredi soir.",
        "Beaucoup de gens demandent le prix de l'eau.",
        "Nous planterons des arbres le long de la rivière.",
    ),
    "de": (
        "Guten Morgen und vielen Dank, dass Sie gekommen sind.",
        "Die Bücherei öffnet am Montag früh und schließt am Freitag.",
        "Viele Leute haben nach dem Preis des Wassers gefragt.",
        "Im Herbst werden am Fluss Bäume gepflanzt.",
    ),
}
_DIFFERENT: Final = 12
"""So many sentences are spoken, again and again."""
_PAUSES_S: Final = (0.2, 0.9)
_READING_PAUSE_S: Final = 0.4
"""Besides flite's own silence at both ends of a sentence."""
_EDGE_S: Final = 0.5
_AUDIBLE: Final = 0.005
_MARGIN_S: Final = 0.04


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Utterance:
    """A text that is spoken.

    Attributes:
        phones: Name, start and end in seconds of flite's sounds, pauses ("pau") among them; espeak-ng tells none.
    """

    text: str
    samples: Signal
    phones: tuple[tuple[str, float, float], ...] = ()

    @property
    def letters(self) -> int:
        """How many there are in the text."""
        return len(re.findall(r"\w", self.text))

    @property
    def articulated_s(self) -> float:
        """The time in which sounds are articulated."""
        return sum(end - start for name, start, end in self.phones if name != "pau")

    @property
    def letters_per_s(self) -> float:
        """Letters by the time in which sounds are articulated."""
        return self.letters / self.articulated_s

    def words(self, *, start_sample: int = 0) -> list[Word]:
        """The words with times: those between two pauses share the time between these by their letters."""
        words: list[Word] = []
        clauses = [clause for clause in re.split(r"[,.;:?!]\s*", self.text) if clause]
        for clause, (start, end) in zip(clauses, self._phrases(), strict=True):
            spellings = clause.split()
            borders = np.cumsum([0, *(len(each) for each in spellings)]) / sum(map(len, spellings))
            places = start_sample + np.rint((start + (end - start) * borders) * SAMPLE_RATE_HZ).astype(int)
            words += [
                Word(text=spelling, start_sample=int(before), end_sample=int(after), stable=True)
                for spelling, before, after in zip(spellings, places[:-1], places[1:], strict=True)
            ]
        return words

    def _phrases(self) -> list[tuple[float, float]]:
        """Start and end of what is spoken between two pauses."""
        phrases: list[tuple[float, float]] = []
        is_new = True
        for name, start, end in self.phones:
            if name != "pau":
                phrases.append((start if is_new else phrases.pop()[0], end))
            is_new = name == "pau"
        return phrases


@functools.cache
def utter(voice: str, text: str, *, stretch: float = 1.0) -> Utterance:
    """A text in one of `VOICES`, as its program speaks it.

    Args:
        stretch: How many times slower than usual flite's voices are.

    Raises:
        FileNotFoundError: flite or espeak-ng is not installed.
        subprocess.CalledProcessError: It does not know the voice.
    """
    with tempfile.TemporaryDirectory() as directory:
        wav = Path(directory) / "speech.wav"
        if voice in FLITE_VOICES:
            options = ("-voice", voice, "--setf", f"duration_stretch={stretch}", "-psdur", "-t", text, "-o", str(wav))
            said = subprocess.run(["flite", *options], check=True, capture_output=True, text=True)
            phones = _phones(said.stdout)
        else:
            subprocess.run(["espeak-ng", "-v", voice, "-w", str(wav), text], check=True, capture_output=True)
            phones = ()
        samples, rate_hz = soundfile.read(wav)
    if rate_hz != SAMPLE_RATE_HZ:
        samples = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ)
    return Utterance(text=text, samples=samples, phones=phones)


def _phones(told: str) -> tuple[tuple[str, float, float], ...]:
    """What flite prints: the sounds with the times of their ends."""
    phones: list[tuple[str, float, float]] = []
    for name, end in re.findall(r"(\S+):([\d.]+)", told):
        phones.append((name, phones[-1][2] if phones else 0.0, float(end)))
    return tuple(phones)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reading:
    """Sentences that are read out one after the other.

    Attributes:
        letters_per_s: Letters by the time in which sounds are articulated.
    """

    text: str
    samples: Signal
    letters_per_s: float


def reading(voice: str, sentences: int, *, stretch: float = 1.0) -> Reading:
    """The first sentences of `benchmarks.continuity` in one of `FLITE_VOICES`, in a quiet room."""
    utterances = [utter(voice, sentence, stretch=stretch) for sentence in _SENTENCES[:sentences]]
    pause = np.zeros(round(_READING_PAUSE_S * SAMPLE_RATE_HZ))
    speech = np.concatenate([pause, *(piece for each in utterances for piece in (each.samples, pause))])
    return Reading(
        text=" ".join(each.text for each in utterances),
        samples=_levelled(speech, ROOM_LEVEL_DB, seed=1),
        letters_per_s=sum(each.letters for each in utterances) / sum(each.articulated_s for each in utterances),
    )


def compose(voice: str, seconds: float, *, seed: int = 1, room_level_db: float | None = ROOM_LEVEL_DB) -> Signal:
    """Sentences with pauses of 0.2 to 0.9 s, at an active speech level of `SPEECH_LEVEL_DB`.

    Args:
        voice: One of `VOICES`.
        seconds: Its length.
        seed: Of the order, the pauses and the noise.
        room_level_db: Of white noise in all of it; None for digital silence in the pauses.
    """
    chance = random.Random(seed)
    order = list(_FOREIGN.get(voice.partition("+")[0], _SENTENCES[:_DIFFERENT]))
    pieces = [np.zeros(round(_EDGE_S * SAMPLE_RATE_HZ))]
    length = len(pieces[0])
    while length < seconds * SAMPLE_RATE_HZ:
        for sentence in order:
            pieces += [_trimmed(voice, sentence), np.zeros(round(chance.uniform(*_PAUSES_S) * SAMPLE_RATE_HZ))]
            length += len(pieces[-2]) + len(pieces[-1])
        chance.shuffle(order)
    speech = np.concatenate(pieces)[: round(seconds * SAMPLE_RATE_HZ)]
    return _levelled(speech, room_level_db, seed=seed)


@functools.cache
def programme(voice: str, seconds: float, *, seed: int = 1, room_level_db: float | None = ROOM_LEVEL_DB) -> Signal:
    """What `compose` makes, kept, and not to be changed."""
    speech = compose(voice, seconds, seed=seed, room_level_db=room_level_db)
    speech.setflags(write=False)
    return speech


def _levelled(speech: Signal, room_level_db: float | None, *, seed: int) -> Signal:
    """At `SPEECH_LEVEL_DB`, in a room."""
    levelled = speech * 10 ** ((SPEECH_LEVEL_DB - active_level_db(speech)) / 20)
    if room_level_db is not None:
        levelled += np.random.default_rng(seed).normal(scale=10 ** (room_level_db / 20), size=len(speech))
    return levelled


def _trimmed(voice: str, sentence: str) -> Signal:
    samples = utter(voice, sentence).samples
    audible = np.flatnonzero(np.abs(samples) > _AUDIBLE)
    margin = round(_MARGIN_S * SAMPLE_RATE_HZ)
    return samples[max(0, int(audible[0]) - margin) : int(audible[-1]) + margin]
