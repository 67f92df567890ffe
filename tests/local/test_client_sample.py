"""The committed sample is speech that the local recogniser hears, in clauses that pauses tell apart."""

import numpy as np
import soundfile

from scripts.make_samples import SAMPLES, read_sentences, word_error_rate

WAV = SAMPLES / "speech-en.wav"


def test_the_recogniser_hears_the_sample() -> None:
    assert word_error_rate(WAV) <= 0.08


def test_the_sample_has_the_form_that_is_spoken_into_the_system() -> None:
    facts = soundfile.info(WAV)
    assert (facts.samplerate, facts.channels, facts.subtype) == (16_000, 1, "PCM_16")
    assert 25 <= facts.duration <= 35


def test_a_pause_follows_every_sentence() -> None:
    samples, _ = soundfile.read(WAV, dtype="int16")
    loud = np.abs(samples.astype(np.int32)) > 100
    edges = np.flatnonzero(np.diff(np.concatenate([[True], loud, [True]]).astype(int)))
    silences_s = (edges[1::2] - edges[0::2]) / 16_000
    assert int((silences_s >= 0.6).sum()) == len(read_sentences(WAV.with_suffix(".txt"))) - 1
