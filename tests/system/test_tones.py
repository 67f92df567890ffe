"""Every word's way through every process, from the microphone to the listener's ear, followed by its sound."""

import asyncio
from collections.abc import Sequence

import aiohttp
import pytest

from local.client.errors import ConnectionNotAllowedError
from local.client.http_api import HttpApi
from local.client.messages import ServerMessage, SessionStatus, Transcription
from local.client.speaker import Speaker
from local.engines.tone_alphabet import WORDS, tone_speech
from local.fault_injection import FaultInjector
from tests.system.conftest import System

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

SENTENCES = [WORDS[:5], WORDS[5:9], WORDS[9:21], WORDS[21:23]]
NEVER_SAID_BEFORE = [WORDS[46:51], WORDS[51:55], WORDS[55:] + WORDS[40:46], WORDS[21:23]]
"""Sentences of one test alone: what was said in another is still in the phrase cache."""

OTHER_SENTENCES = [WORDS[30:36], WORDS[36:40], WORDS[40:46]]


def flat(sentences: Sequence[Sequence[str]]) -> list[str]:
    return [word for sentence in sentences for word in sentence]


def speech(sentences: Sequence[Sequence[str]]) -> bytes:
    return tone_speech(sentences)


async def test_every_word_is_heard_once_in_every_language(system: System) -> None:
    session_id = await system.create_session("es", "fr")
    before = await system.counters()
    heard = await system.broadcast(session_id, speech(NEVER_SAID_BEFORE), ["es", "fr", "es"])
    after = await system.counters()
    for each in heard:
        assert each.words == flat(NEVER_SAID_BEFORE)
        assert [segment.number for segment in each.record.segments] == list(range(len(each.record.segments)))
        assert each.record.redelivered == 0
        captions = [word.rstrip(".") for caption in each.record.captions for word in caption.text.split()]
        assert captions == flat(NEVER_SAID_BEFORE)
    segments = len(heard[0].record.segments)
    for service in ("translate", "polly"):
        made = after[service]["requests"] - before[service].get("requests", 0)
        assert made == 2 * segments, "two listeners of a language cost one translation and one synthesis"
    assert after["transcribe"]["opened"] - before["transcribe"].get("opened", 0) == 1


async def test_two_sessions_at_once_do_not_mix(system: System) -> None:
    one, other = await system.create_session("es"), await system.create_session("es", "ca")
    (mine,), (theirs, catalan) = await asyncio.gather(
        system.broadcast(one, speech(SENTENCES), ["es"]),
        system.broadcast(other, speech(OTHER_SENTENCES), ["es", "ca"]),
    )
    assert mine.words == flat(SENTENCES)
    assert theirs.words == catalan.words == flat(OTHER_SENTENCES)


async def test_silence_gives_nothing_and_costs_no_model_call(system: System) -> None:
    session_id = await system.create_session("es")
    before = await system.counters()
    (heard,) = await system.broadcast(session_id, bytes(16_000 * 2 * 8), ["es"])
    after = await system.counters()
    assert heard.record.segments == ()
    assert heard.record.captions == ()
    assert after["translate"] == before["translate"]
    assert after["polly"] == before["polly"]


async def test_words_survive_a_dying_environment_and_a_broken_recogniser(system: System) -> None:
    session_id = await system.create_session("es")
    pcm = speech([*SENTENCES, *OTHER_SENTENCES])

    async def hurt(speaker: Speaker) -> None:
        async with asyncio.timeout(60):
            while speaker.sent_seconds < 4:
                await asyncio.sleep(0.05)
            await system.fault(service="transcribe", kind="break", times=1)
            while speaker.sent_seconds < 8:
                await asyncio.sleep(0.05)
            async with FaultInjector(system.stack) as faults:
                assert await faults.kill_environments("audio_processor")
            while speaker.sent_seconds < 11:
                await asyncio.sleep(0.05)
            await speaker.drop_connection()

    (heard,) = await system.broadcast(session_id, pcm, ["es"], meanwhile=hurt)
    assert heard.words == flat([*SENTENCES, *OTHER_SENTENCES])


async def test_a_failing_language_leaves_the_others_alone(system: System) -> None:
    session_id = await system.create_session("es", "it")
    await system.fault(service="translate", kind="refuse", language="it")
    try:
        spanish, italian = await system.broadcast(session_id, speech(SENTENCES[:2]), ["es", "it"])
    finally:
        await system.clear_faults()
    assert spanish.words == flat(SENTENCES[:2])
    assert [each.text for each in italian.record.segments] == [each.source_text for each in spanish.record.segments]
    assert not any(each.translated for each in italian.record.segments)


async def test_the_speaker_sees_captions_and_listeners(system: System) -> None:
    session_id = await system.create_session("es")
    told: list[ServerMessage] = []
    async with (
        aiohttp.ClientSession() as http,
        system.speaker(session_id, told) as speaker,
        system.listener(http, session_id, "es"),
    ):
        await speaker.speak(speech(SENTENCES[2:3]))
        await speaker.end_session()
    captions = [each for each in told if isinstance(each, Transcription)]
    assert any(not each.is_final for each in captions)
    assert any(each.is_final for each in captions)
    statuses = [each for each in told if isinstance(each, SessionStatus)]
    assert statuses
    assert statuses[-1].listeners_by_language == {"es": 1}


async def test_strangers_stay_outside(system: System) -> None:
    session_id = await system.create_session("es", join_key="open-sesame")
    async with aiohttp.ClientSession() as http, HttpApi(system.stack.endpoints.http_api_url) as api:
        assert (await api.show_session(session_id))["joinKeyRequired"] is True
        for wrong in (
            system.listener(http, session_id, "fr"),
            system.listener(http, session_id, "es"),
            system.listener(http, "happy-cloud-999", "es"),
        ):
            with pytest.raises(ConnectionNotAllowedError):
                await wrong.__aenter__()
