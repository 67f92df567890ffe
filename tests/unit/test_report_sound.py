"""What a speaker is told of their sound while they speak, and how their manner of speaking reaches the voices."""

from dataclasses import replace

import pytest

from babelcast.domain.audio import SAMPLE_RATE_HZ, silence
from babelcast.domain.connection import ConnectionId
from babelcast.domain.notices import QualityWarning
from babelcast.domain.session_step import SessionStep
from babelcast.domain.sound_issue import ADVICE, RESOLVED, SoundIssue
from benchmarks.quiet.programmes import to_pcm
from benchmarks.signal.speech import SPEECH_LEVEL_DB, programme
from tests.block_speech import block_speech, chunks_of
from tests.room import END, PAUSE, RESUME, SESSION, Room

LOUD = 2_900
"""The number of a word that is 12 dB louder than the first ones."""
CLEAN = block_speech(4, 4, 4)
DISTORTED = 2 * block_speech(4, first_word=3_092)
"""Its words are at full scale."""
DEAD = silence(5 * SAMPLE_RATE_HZ)
BROKEN = pytest.mark.parametrize(("pcm", "issue"), [(DISTORTED, SoundIssue.CLIPPING), (DEAD, SoundIssue.SILENCE)])
SPEAKER = ConnectionId(f"{SESSION}/speaker")


def told(room: Room, name: str = "speaker") -> list[QualityWarning]:
    """What somebody was told; the holes between block speech's words aside."""
    return [
        each
        for each in room.notifier.to(f"{SESSION}/{name}")
        if isinstance(each, QualityWarning) and each.issue is not SoundIssue.DROPOUTS
    ]


def warnings(room: Room) -> list[tuple[SoundIssue, bool]]:
    """Issues with whether they are over, as the speaker was told."""
    return [(each.issue, each.resolved) for each in told(room)]


@pytest.mark.parametrize("size", [1, 4, 1000])
async def test_the_speaker_alone_is_told_of_silence_and_that_it_is_over(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(silence(5 * SAMPLE_RATE_HZ) + block_speech(5)), END)
    await room.run(size)
    assert warnings(room) == [(SoundIssue.SILENCE, False), (SoundIssue.SILENCE, True)]
    assert told(room, "es") == []
    first, second = told(room)
    assert (first.value, first.advice) == (4.0, ADVICE[SoundIssue.SILENCE])
    assert second.advice == RESOLVED
    noted = [(step, details["issue"]) for step, _, details in room.journal.lines if "issue" in details]
    assert noted[:2] == [(SessionStep.SOUND_WORSE, "silence"), (SessionStep.SOUND_BETTER, "silence")]


async def test_a_pause_between_sentences_is_no_silence(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(block_speech(5) + silence(6 * SAMPLE_RATE_HZ) + block_speech(5, first_word=6)), END)
    await room.run()
    assert warnings(room) == []


async def test_what_lasts_is_told_again_every_half_minute(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(silence(34 * SAMPLE_RATE_HZ)), END)
    await room.run()
    assert warnings(room) == [(SoundIssue.SILENCE, False)] * 2


async def test_another_environment_knows_what_the_speaker_was_told(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(silence(22 * SAMPLE_RATE_HZ)))
    await room.run()
    assert room.sessions.by_id[SESSION].cursor.memory is not None
    room.new_environment()
    await room.say(*chunks_of(block_speech(5), origin_sample=22 * SAMPLE_RATE_HZ, first_index=88), END)
    await room.run()
    assert warnings(room)[0] == (SoundIssue.SILENCE, False)
    assert warnings(room)[-1] == (SoundIssue.SILENCE, True)


async def test_audio_that_the_network_has_lost_is_not_the_microphones_silence(room: Room) -> None:
    await room.open(SESSION, "es")
    pcm = block_speech(5, 5)
    lost = 9 * SAMPLE_RATE_HZ
    await room.say(*chunks_of(pcm), *chunks_of(pcm, origin_sample=len(pcm) // 2 + lost), END)
    await room.run()
    assert room.meter.counts["AudioGaps"] == 1
    assert warnings(room) == []


async def test_a_muted_microphone_is_not_silent(room: Room) -> None:
    await room.open(SESSION, "es")
    pcm = block_speech(5)
    await room.say(*chunks_of(pcm), PAUSE)
    await room.run()
    room.clock.now_s += 60
    await room.say(RESUME, *chunks_of(pcm, origin_sample=len(pcm) // 2 + 60 * SAMPLE_RATE_HZ), END)
    await room.run()
    assert warnings(room) == []


@BROKEN
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("dies", [False, True])
async def test_what_is_still_wrong_after_a_pause_is_told_at_once(
    room: Room, pcm: bytes, issue: SoundIssue, size: int, *, dies: bool
) -> None:
    await room.open(SESSION, "es")
    # It worked before.
    await room.say(*chunks_of(CLEAN + pcm + DEAD), PAUSE)
    await room.run(size)
    before = warnings(room)
    assert before == [(issue, False)]
    if dies:
        room.new_environment()
    origin = len(CLEAN + pcm + DEAD) // 2 + 4 * SAMPLE_RATE_HZ
    await room.say(RESUME, *chunks_of(pcm, origin_sample=origin, first_index=100), END)
    await room.run(size)
    assert warnings(room)[len(before) :] == [(issue, False)]


@pytest.mark.parametrize("size", [1, 1000])
async def test_what_was_mended_in_a_pause_is_not_told_after_it(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(DISTORTED), PAUSE, RESUME)
    await room.say(*chunks_of(CLEAN, origin_sample=len(DISTORTED) // 2, first_index=16), END)
    await room.run(size)
    assert warnings(room) == [(SoundIssue.CLIPPING, False)]


@BROKEN
@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("is_loaded_again", [True, False])
async def test_only_a_speakers_app_that_is_loaded_again_is_told_again(
    room: Room, pcm: bytes, issue: SoundIssue, size: int, *, is_loaded_again: bool
) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(pcm))
    await room.run(size)
    origin, first_index = len(pcm) // 2 + SAMPLE_RATE_HZ, 0 if is_loaded_again else 100
    await room.say(*chunks_of(pcm, origin_sample=origin, first_index=first_index), END)
    await room.run(size)
    assert warnings(room) == (2 if is_loaded_again else 1) * [(issue, False)]


@pytest.mark.parametrize("size", [1, 1000])
async def test_after_an_app_was_loaded_again_only_what_came_since_is_measured(room: Room, size: int) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(DISTORTED), *chunks_of(CLEAN, origin_sample=len(DISTORTED) // 2), END)
    await room.run(size)
    assert warnings(room) == [(SoundIssue.CLIPPING, False)]


@pytest.mark.parametrize(("failures", "is_told"), [(1, True), (2, False)])
async def test_that_it_is_over_is_told_once_more_to_whom_it_did_not_reach(
    room: Room, failures: int, *, is_told: bool
) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(DEAD))
    await room.run()
    room.notifier.failures[SPEAKER] = failures
    await room.say(*chunks_of(CLEAN, origin_sample=len(DEAD) // 2, first_index=20))
    await room.batch()
    assert room.notifier.failures[SPEAKER] == 0
    assert warnings(room) == [(SoundIssue.SILENCE, False)] + is_told * [(SoundIssue.SILENCE, True)]


async def test_what_is_wrong_is_not_told_once_more_as_it_is_told_again_while_it_lasts(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(silence(2 * SAMPLE_RATE_HZ)))
    await room.run()
    room.notifier.failures[SPEAKER] = 1
    await room.say(*chunks_of(silence(30 * SAMPLE_RATE_HZ), origin_sample=2 * SAMPLE_RATE_HZ, first_index=8))
    await room.batch()
    assert warnings(room) == []
    await room.say(*chunks_of(silence(2 * SAMPLE_RATE_HZ), origin_sample=32 * SAMPLE_RATE_HZ, first_index=128))
    await room.run()
    assert warnings(room) == [(SoundIssue.SILENCE, False)]


async def volumes_db(room: Room, *, expressive: bool = True, dies: bool = False) -> list[float]:
    """Of two sentences in the speaker's usual voice and a loud one, as they were spoken in another language."""
    await room.open(SESSION, "es")
    session = room.sessions.by_id[SESSION]
    room.sessions.by_id[SESSION] = replace(session, expressive=expressive)
    usual, loud = block_speech(6, 6), block_speech(6, first_word=LOUD)
    await room.say(*chunks_of(usual))
    await room.run()
    if dies:
        room.new_environment()
    await room.say(*chunks_of(loud, origin_sample=len(usual) // 2), END)
    await room.run()
    spoken = dict(zip((text for _, text in room.synthesizer.calls), room.synthesizer.prosodies, strict=True))
    return [spoken[each.text].volume_db for each in room.heard("es")]


@pytest.mark.parametrize("dies", [False, True])
async def test_a_loud_sentence_is_spoken_louder_than_the_usual_ones(room: Room, *, dies: bool) -> None:
    assert await volumes_db(room, dies=dies) == [0, 0, 6]


@pytest.mark.parametrize("dies", [False, True])
async def test_after_a_pause_another_microphone_is_not_taken_for_another_manner(room: Room, *, dies: bool) -> None:
    await room.open(SESSION, "es")
    usual, loud = block_speech(6, 6), block_speech(6, 6, first_word=LOUD)
    await room.say(*chunks_of(usual), PAUSE)
    await room.run()
    if dies:
        room.new_environment()
    await room.say(RESUME, *chunks_of(loud, origin_sample=len(usual) // 2 + SAMPLE_RATE_HZ, first_index=100), END)
    await room.run()
    assert [each.volume_db for each in room.synthesizer.prosodies] == [0, 0, 0, 0]


async def test_voices_keep_their_own_way_where_the_speaker_wants_it(room: Room) -> None:
    assert await volumes_db(room, expressive=False) == [0, 0, 0]


async def test_how_the_speech_sounds_is_measured_once_a_batch(room: Room) -> None:
    await room.open(SESSION, "es")
    await room.say(*chunks_of(silence(2 * SAMPLE_RATE_HZ)))
    await room.run()
    assert room.meter.levels == {}
    pcm = to_pcm(programme("slt", 5.0))
    await room.say(*chunks_of(pcm, origin_sample=2 * SAMPLE_RATE_HZ, first_index=8))
    await room.batch()
    assert set(room.meter.levels) == {"SpeechSnr", "SpeechLoudness"}
    assert len(room.meter.levels["SpeechSnr"]) == 1
    assert room.meter.levels["SpeechLoudness"][0] == pytest.approx(SPEECH_LEVEL_DB, abs=2)
