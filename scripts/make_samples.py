"""Make the speech samples with flite: the same text always gives the same bytes.

    python scripts/make_samples.py                        samples/speech-en.wav from samples/speech-en.txt
    python scripts/make_samples.py --variants build/samples   other voices, formats and lengths, for tests
    python scripts/make_samples.py --measure              PocketSphinx's word error rate on samples/speech-en.wav

A text file has one sentence a line. Sentences are separated by a pause long enough to be heard as the end of one.
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jiwer
import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from pocketsphinx import Decoder

Pcm = npt.NDArray[np.int16]
"""Mono signed 16-bit samples at ``SAMPLE_RATE_HZ``."""

SAMPLE_RATE_HZ: Final = 16_000
PAUSE_SECONDS: Final = 0.8
EDGE_SECONDS: Final = 0.5
"""Silence before the first and after the last sentence: Chromium's fake microphone repeats a file's last 10 ms."""
NOISE_PEAK: Final = 3
"""Room noise in the pauses, ± this many steps of 32,768 (about −85 dBFS): a microphone never gives plain zeros."""
VOICE: Final = "slt"
SAMPLES: Final = Path(__file__).resolve().parent.parent / "samples"

ASSEMBLY_SPEECH: Final = (
    "In the summer we will open the garden to everyone.",
    "Every family will be able to borrow books for free.",
    "Many people have asked us about the price of water.",
    "If you want to speak, please raise your hand and wait for the microphone.",
    "Please speak slowly, so that everybody can understand you.",
    "The next meeting will take place in the same room.",
)
"""Sentences that follow those of the sample in the long variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Speech and what is said in it, sentence by sentence."""

    pcm: Pcm
    sentences: tuple[str, ...]

    def save(self, wav: Path) -> None:
        """Write a 16 kHz mono 16-bit WAV and, beside it, the text."""
        wav.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(wav, self.pcm, SAMPLE_RATE_HZ, subtype="PCM_16")
        wav.with_suffix(".txt").write_text("\n".join(self.sentences) + "\n", encoding="utf-8")


def read_sentences(path: Path) -> tuple[str, ...]:
    """The sentences of a text file, one a line, empty lines left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip())


def synthesise(sentence: str, voice: str) -> Pcm:
    """One sentence in one of flite's voices, without the silence around it.

    Raises:
        FileNotFoundError: flite is not installed.
        subprocess.CalledProcessError: flite does not know the voice.
    """
    with tempfile.TemporaryDirectory() as directory:
        wav = Path(directory) / "sentence.wav"
        subprocess.run(["flite", "-voice", voice, "-t", sentence, "-o", str(wav)], check=True, capture_output=True)
        pcm, rate_hz = soundfile.read(wav, dtype="int16")
    if rate_hz != SAMPLE_RATE_HZ:
        pcm = soxr.resample(pcm, rate_hz, SAMPLE_RATE_HZ)
    audible = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 150)
    margin = SAMPLE_RATE_HZ // 25
    trimmed: Pcm = pcm[max(0, int(audible[0]) - margin) : int(audible[-1]) + margin]
    return trimmed


def room_noise(seconds: float, chance: random.Random) -> Pcm:
    """Almost silence."""
    steps = range(-NOISE_PEAK, NOISE_PEAK + 1)
    return np.array(chance.choices(steps, k=round(seconds * SAMPLE_RATE_HZ)), dtype=np.int16)


def speak(sentences: Sequence[str], *, voice: str = VOICE, silence_after: int | None = None) -> Sample:
    """Sentences with pauses between them.

    Args:
        sentences: What is said.
        voice: One of flite's 16 kHz voices: slt, rms, kal16, awb.
        silence_after: After this many sentences, 30 s of silence instead of a pause.
    """
    chance = random.Random(20)
    spoken: dict[str, Pcm] = {}
    pieces = [room_noise(EDGE_SECONDS, chance)]
    for count, sentence in enumerate(sentences, start=1):
        if sentence not in spoken:
            spoken[sentence] = synthesise(sentence, voice)
        pieces.append(spoken[sentence])
        is_last = count == len(sentences)
        pause_seconds = 30.0 if count == silence_after else EDGE_SECONDS if is_last else PAUSE_SECONDS
        pieces.append(room_noise(pause_seconds, chance))
    return Sample(pcm=np.concatenate(pieces), sentences=tuple(sentences))


def long_speech(sentences: Sequence[str], seconds: float) -> Sample:
    """At least so many seconds of speech: all sentences again and again, each time in another order."""
    chance = random.Random(5)
    order = list(sentences)
    script: list[str] = []
    length_seconds = 0.0
    while length_seconds < seconds:
        script += order
        length_seconds = len(speak(script).pcm) / SAMPLE_RATE_HZ
        chance.shuffle(order)
    return speak(script)


def make_variants(sentences: tuple[str, ...], directory: Path) -> Iterator[Path]:
    """Write the variants that tests use and yield each path: see the code for their names."""
    sample = speak(sentences)
    other_voice = directory / "speech-en-rms.wav"
    speak(sentences, voice="rms").save(other_voice)
    yield other_voice

    stereo = directory / "speech-en-44100-stereo.wav"
    sample.save(stereo)
    left = soxr.resample(sample.pcm.astype(np.float64) / 32768, SAMPLE_RATE_HZ, 44_100)
    soundfile.write(stereo, np.stack([left, left * 0.5], axis=1), 44_100, subtype="PCM_16")
    yield stereo

    gap = directory / "speech-en-silence-30s.wav"
    speak(sentences, silence_after=len(sentences) // 2).save(gap)
    yield gap

    two_minutes = directory / "speech-en-2min.wav"
    long_speech(sentences + ASSEMBLY_SPEECH, seconds=100).save(two_minutes)
    yield two_minutes

    five_minutes = directory / "speech-en-5min.wav"
    long_speech(sentences + ASSEMBLY_SPEECH, seconds=300).save(five_minutes)
    yield five_minutes


def recognise(pcm: Pcm) -> str:
    """What PocketSphinx's default English model hears, fed in chunks of 250 ms as one utterance."""
    decoder = Decoder(loglevel="FATAL", samprate=SAMPLE_RATE_HZ)
    decoder.start_utt()
    for start in range(0, len(pcm), 4_000):
        decoder.process_raw(pcm[start : start + 4_000].tobytes(), no_search=False, full_utt=False)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return str(hypothesis.hypstr) if hypothesis else ""


def words_of(text: str) -> str:
    """Lower case, without punctuation."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def word_error_rate(wav: Path) -> float:
    """PocketSphinx's word error rate on a sample, 0.0–1.0, against the text file beside it."""
    pcm, _ = soundfile.read(wav, dtype="int16")
    reference = " ".join(read_sentences(wav.with_suffix(".txt")))
    return float(jiwer.wer(words_of(reference), words_of(recognise(pcm))))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--variants", type=Path, metavar="DIR", help="write the variants for tests into DIR instead")
    parser.add_argument("--measure", action="store_true", help="print the word error rate instead")
    options = parser.parse_args(arguments)
    wav = SAMPLES / "speech-en.wav"
    if options.measure:
        print(f"{wav.name}: word error rate {word_error_rate(wav):.1%} (PocketSphinx, heard whole)")
        return 0
    sentences = read_sentences(wav.with_suffix(".txt"))
    try:
        if options.variants is not None:
            for path in make_variants(sentences, options.variants):
                print(path)
        else:
            speak(sentences).save(wav)
            print(wav)
    except FileNotFoundError:
        print("flite is not installed: apt-get install flite", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
