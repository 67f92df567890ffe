"""Real speech from a browser's microphone through the real engines to another browser's loudspeaker."""

import jiwer
import numpy as np
import pytest
import soundfile

from local.stack import Engine
from local.supervision import PROJECT_ROOT
from tests.browser.conftest import open_venue
from tests.browser.pages import ListenerPage, assert_no_problems

pytestmark = pytest.mark.slow

SAMPLE = PROJECT_ROOT / "samples" / "speech-en.wav"


def seconds_of_sound(listener: ListenerPage) -> float:
    """How long something was heard, in windows of 0.1 s."""
    heard = 0.0
    for recording in listener.hearing.recordings:
        samples = np.frombuffer(bytes(recording.pcm), dtype="<i2") / 32768
        size = recording.rate_hz // 10
        windows = samples[: len(samples) // size * size].reshape(-1, size)
        heard += 0.1 * float((np.sqrt((windows**2).mean(axis=1)) > 0.01).sum())
    return heard


async def test_a_sample_is_understood_and_heard(tmp_path_factory: pytest.TempPathFactory) -> None:
    samples, rate_hz = soundfile.read(SAMPLE, dtype="int16")
    said = SAMPLE.with_suffix(".txt").read_text().split()
    async with open_venue(Engine.SPEECH, tmp_path_factory.mktemp("speech")) as venue:
        recording = venue.recording("speech", samples.tobytes(), rate_hz)
        async with venue.speaker(recording) as speaker, venue.listener(locale="es-ES") as listener:
            await speaker.sign_in(venue.endpoints)
            session_id = await speaker.create_session()
            await speaker.leave_sound_as_it_is()
            await listener.join(session_id, "es")
            await speaker.start_speaking()
            await listener.hearing.wait_for_seconds(len(samples) / rate_hz + 3)
            understood = " ".join(await speaker.captions())
            await speaker.end()
            await listener.wait_until_all_is_heard()
            assert (
                jiwer.wer(" ".join(said).lower().replace(".", "").replace(",", ""), understood.lower().replace(".", ""))
                < 0.3
            )
            captions = " ".join(await listener.captions())
            assert 0.7 < len(captions.split()) / len(said) < 1.6
            assert captions != understood
            assert seconds_of_sound(listener) > 0.25 * len(captions.split())
            assert_no_problems([speaker, listener])
