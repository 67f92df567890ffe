"""The streaming core counts what happens: what is shown to operators and compared with bills."""

import pytest

from babelcast.domain.languages import LANGUAGES, LanguageCode
from tests.block_speech import block_speech, chunks_of
from tests.room import END, SESSION, Room

SPEECH = block_speech(9, 14)


@pytest.fixture
def room() -> Room:
    return Room()


def audio_ms() -> int:
    return len(SPEECH) // 2 * 1000 // 16_000


async def test_audio_listeners_and_transcription_are_counted_as_time(room: Room) -> None:
    await room.open(SESSION, "es", "fr")
    chunks = chunks_of(SPEECH)
    await room.say(*chunks, END)
    await room.run()

    counts = room.meter.counts
    assert counts["AudioChunksProcessed"] == len(chunks)
    assert counts["AudioMsProcessed"] == audio_ms()
    assert counts["ListenerMs"] == 2 * audio_ms()
    assert counts["TranscribedMs"] == audio_ms()
    assert counts["TranscribeStreamsOpened"] == 1
    assert counts["SessionBatches"] > 0


async def test_what_is_heard_again_is_transcribed_again_but_received_once(room: Room) -> None:
    await room.open(SESSION, "es")
    chunks = chunks_of(SPEECH)
    await room.say(*chunks, END)
    await room.batch(len(chunks) // 2)
    room.new_environment()
    await room.run()

    counts = room.meter.counts
    assert counts["AudioChunksProcessed"] == len(chunks)
    assert counts["Replays"] == 1
    assert counts["TranscribedMs"] > audio_ms()
    assert counts["TranscribeStreamsOpened"] == 2


async def test_a_stream_that_does_not_open_is_counted(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(SPEECH), END)
    room.transcriber.refusals = 1
    await room.run()

    assert room.meter.counts["TranscribeStreamsRefused"] == 1
    assert room.meter.counts["SessionRetries"] == 1


async def test_a_failure_is_counted_for_its_language_among_all_renditions(room: Room) -> None:
    await room.open(SESSION, "es", "fr", "uk")
    room.translator.broken.add(LanguageCode("fr"))
    voice = LANGUAGES[LanguageCode("es")].voice
    assert voice is not None
    room.synthesizer.broken.add(voice.voice_id)
    await room.say(*chunks_of(SPEECH), END)
    await room.run()

    counts = room.meter.counts
    segments = counts["SegmentsCommitted"]
    assert segments > 0
    assert counts["Renditions"] == 3 * segments
    assert counts["TranslationFailures"] == counts["TranslationFailures/fr"] == segments
    assert counts["SynthesisFailures"] == counts["SynthesisFailures/es"] == segments
