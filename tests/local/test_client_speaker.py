"""The speaker's client against a gateway: nothing that was said is lost, whatever the network does."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from local.client.errors import BroadcastError, ConnectionNotAllowedError, UnreachableError
from local.client.messages import BroadcastState, SessionEnded, Transcription
from local.client.outgoing import OutgoingChunks
from local.client.speaker import CHUNK_SAMPLES, Speaker
from tests.local.small_gateway import HASTY, SmallGateway

SPEECH = b"".join(sample.to_bytes(2, "little", signed=True) for sample in range(-20_000, 20_001))
"""2.5 s in which every sample is another one."""
FAST = 50.0


@pytest.fixture
async def gateway() -> AsyncIterator[SmallGateway]:
    async with SmallGateway() as small:
        yield small


async def token() -> str:
    return "a token/with+signs="


def speaker_at(gateway: SmallGateway, **options: object) -> Speaker:
    settings: dict[str, object] = {"policy": HASTY, "outgoing": OutgoingChunks(ack_timeout_s=0.2), **options}
    return Speaker(
        websocket_url=gateway.websocket_url,
        session_id="joyful-hope-911",
        token=token,
        **settings,  # type: ignore[arg-type]
    )


async def test_exactly_the_audio_arrives_and_the_session_ends(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        await speaker.speak(SPEECH, pace=FAST)
        assert gateway.audio == SPEECH
        assert await speaker.end_session() == SessionEnded(reason="ended")
    client = gateway.clients[0]
    assert client.query == {"sessionId": "joyful-hope-911", "role": "speaker", "token": await token()}
    assert client.actions == ["joinSession", *["audioChunk"] * 10, "endSession"]
    chunk = client.messages[2]
    assert (chunk["chunkIndex"], chunk["sampleOffset"]) == (1, CHUNK_SAMPLES)
    assert (chunk["format"], chunk["sampleRate"], chunk["sessionId"]) == ("pcm_s16le", 16_000, "joyful-hope-911")


async def test_chunks_leave_when_their_last_sample_was_spoken(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        await speaker.speak(SPEECH[: 2 * CHUNK_SAMPLES * 4], pace=1.0)
        started_at = speaker.first_sample_at
    assert started_at is not None
    for index, arrived_at in gateway.arrivals:
        assert arrived_at - started_at >= 0.25 * (index + 1) - 0.005


async def test_chunks_are_numbered_through_from_one_speech_to_the_next(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        await speaker.speak(SPEECH, pace=FAST)
        await speaker.speak(SPEECH, pace=FAST)
    assert gateway.audio == SPEECH * 2
    assert [index for index, _ in gateway.arrivals] == list(range(20))


async def test_a_chunk_that_is_not_acknowledged_is_sent_again(gateway: SmallGateway) -> None:
    gateway.answers[3].extend([None, None])
    async with speaker_at(gateway) as speaker:
        await speaker.speak(SPEECH, pace=FAST)
        assert speaker.resent == 2
    assert gateway.audio == SPEECH


GATEWAY_FAILURE: dict[str, object] = {"message": "Internal server error", "connectionId": "abc=", "requestId": "xyz="}


def busy(action: str) -> dict[str, object]:
    return {"type": "error", "code": "STORAGE_UNAVAILABLE", "message": "busy", "retryable": True, "action": action}


@pytest.mark.parametrize("refusal", [busy("audioChunk"), GATEWAY_FAILURE])
async def test_a_chunk_that_is_refused_for_now_is_sent_again(gateway: SmallGateway, refusal: dict[str, object]) -> None:
    gateway.answers[4].append(refusal)
    async with speaker_at(gateway, outgoing=OutgoingChunks(ack_timeout_s=60.0)) as speaker:
        await speaker.speak(SPEECH, pace=FAST)
    assert gateway.audio == SPEECH


async def test_a_notice_about_the_recogniser_does_not_make_chunks_be_sent_again(gateway: SmallGateway) -> None:
    gateway.answers[4].append(None)
    async with speaker_at(gateway, outgoing=OutgoingChunks(ack_timeout_s=1.5)) as speaker:
        speech = asyncio.create_task(speaker.speak(SPEECH, pace=FAST))
        await gateway.until(lambda: len(gateway.arrivals) == 10)
        waited_from = time.monotonic()
        await gateway.tell_all(
            type="error", code="TRANSCRIPTION_UNAVAILABLE", message="not answering", retryable=True, action=None
        )
        await speech
        assert time.monotonic() - waited_from > 1.1
    assert gateway.audio == SPEECH


async def test_what_is_refused_for_good_ends_the_broadcast(gateway: SmallGateway) -> None:
    gateway.answers[2].append(
        {"type": "error", "code": "INVALID_AUDIO", "message": "too long", "retryable": False, "action": "audioChunk"}
    )
    async with speaker_at(gateway) as speaker:
        with pytest.raises(BroadcastError, match="INVALID_AUDIO"):
            await speaker.speak(SPEECH, pace=FAST)


async def test_after_a_lost_connection_everything_unacknowledged_is_sent_again(gateway: SmallGateway) -> None:
    for index in (2, 3, 5):
        gateway.answers[index].append(None)
    async with speaker_at(gateway, outgoing=OutgoingChunks(ack_timeout_s=60.0)) as speaker:
        speech = asyncio.create_task(speaker.speak(SPEECH, pace=FAST))
        await gateway.until(lambda: len(gateway.arrivals) >= 6)
        gateway.refusals.extend([503, 429])
        await speaker.drop_connection()
        await speech
        assert speaker.reconnections == 1
    assert gateway.audio == SPEECH
    assert gateway.clients[1].actions[0] == "joinSession"


async def test_the_server_closing_the_connection_loses_nothing(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        speech = asyncio.create_task(speaker.speak(SPEECH, pace=5.0))
        for count in (2, 4, 7):
            await gateway.until(lambda: len({index for index, _ in gateway.arrivals}) >= count)  # noqa: B023
            await gateway.clients[-1].socket.close(code=1001)
        await speech
        assert speaker.reconnections >= 2
    assert gateway.audio == SPEECH


async def test_a_new_connection_is_joined_before_the_old_one_is_closed(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        speech = asyncio.create_task(speaker.speak(SPEECH, pace=10.0))
        await gateway.until(lambda: len(gateway.arrivals) >= 3)
        old = gateway.clients[0]
        was_open_when_replaced = []

        def is_replaced() -> bool:
            if len(gateway.clients) == 2 and "joinSession" in gateway.clients[1].actions:
                was_open_when_replaced.append(not old.socket.closed)
            return bool(was_open_when_replaced)

        await old.tell(type="connectionRefreshRequired", expiresAt=0)
        await gateway.until(is_replaced)
        await speech
        assert was_open_when_replaced == [True]
        assert speaker.reconnections == 1
    assert gateway.audio == SPEECH
    assert len(gateway.clients) == 2


async def test_joining_is_repeated_until_it_is_answered(gateway: SmallGateway) -> None:
    gateway.unanswered_joins = 2
    async with speaker_at(gateway):
        pass
    assert gateway.clients[0].actions == ["joinSession"] * 3


async def test_joining_that_fails_for_now_is_repeated_soon(gateway: SmallGateway) -> None:
    gateway.failed_joins = [busy("joinSession"), GATEWAY_FAILURE]
    patient = replace(HASTY, join_again_s=60.0)
    async with asyncio.timeout(5), speaker_at(gateway, policy=patient):
        pass
    assert gateway.clients[0].actions == ["joinSession"] * 3


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_connection_is_not_tried_again(gateway: SmallGateway, status: int) -> None:
    gateway.refusals.append(status)
    with pytest.raises(ConnectionNotAllowedError) as error:
        async with speaker_at(gateway):
            pass
    assert error.value.status == status
    assert gateway.clients == []


async def test_an_address_where_nobody_answers_is_given_up(gateway: SmallGateway) -> None:
    gateway.refusals.extend([503] * 1000)
    impatient = speaker_at(gateway, policy=type(HASTY)(give_up_s=0.3, backoff=HASTY.backoff))
    with pytest.raises(UnreachableError):
        async with impatient:
            pass


async def test_pausing_stops_the_speech_and_resuming_goes_on_with_it(gateway: SmallGateway) -> None:
    ticking = type(HASTY)(heartbeat_s=0.05, backoff=HASTY.backoff)
    async with speaker_at(gateway, policy=ticking) as speaker:
        speech = asyncio.create_task(speaker.speak(SPEECH, pace=10.0))
        await gateway.until(lambda: len(gateway.arrivals) >= 3)
        await speaker.pause()
        await gateway.until(lambda: len(gateway.messages("pauseBroadcast")) == 1)
        assert speaker.unacknowledged == 0
        said, ticks = len(gateway.arrivals), len(gateway.messages("heartbeat"))
        await gateway.until(lambda: len(gateway.messages("heartbeat")) >= ticks + 4)
        assert len(gateway.arrivals) == said
        await speaker.resume()
        await speech
    assert gateway.audio == SPEECH
    assert len(gateway.messages("resumeBroadcast")) == 1


async def test_a_muted_microphone_captures_silence_of_the_same_length(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        await speaker.mute()
        await speaker.speak(SPEECH, pace=FAST)
        await speaker.unmute()
        await speaker.set_volume(0.5)
        await speaker.speak(SPEECH, pace=FAST)
        await gateway.until(lambda: len(gateway.messages("setVolume")) == 1)
    assert gateway.audio == bytes(len(SPEECH)) + SPEECH
    assert gateway.messages("setVolume") == [{"action": "setVolume", "volume": 0.5}]


async def test_the_server_may_end_the_session_by_itself(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        speech = asyncio.create_task(speaker.speak(SPEECH, pace=1.0))
        await gateway.until(lambda: len(gateway.arrivals) >= 1)
        await gateway.end()
        with pytest.raises(BroadcastError, match="the session has ended"):
            await speech


async def test_a_session_that_ended_while_the_speaker_was_away_has_ended(gateway: SmallGateway) -> None:
    async with speaker_at(gateway) as speaker:
        await speaker.speak(SPEECH, pace=FAST)
        gateway.refusals.extend([403] * 10)
        await speaker.drop_connection()
        ended = await speaker.end_session()
    assert ended.reason == "ended while disconnected"


async def test_messages_are_handed_on_and_malformed_ones_are_left_out(gateway: SmallGateway) -> None:
    seen: list[object] = []
    async with speaker_at(gateway, on_message=seen.append) as speaker:
        await gateway.tell_all(type="confetti")
        await gateway.tell_all(type="transcription", text=5)
        await gateway.clients[0].socket.send_str("not JSON")
        await gateway.tell_all(
            type="transcription", sessionId="s", text="good", isFinal=False, language="en", timestamp=1,
            resultId="segment-0", sequenceNumber=None,
        )  # fmt: skip
        await gateway.tell_all(type="broadcastState", sessionId="s", state="live", volume=1.0, speakerConnected=True)
        await speaker.speak(SPEECH, pace=FAST)
    assert [type(message) for message in seen if isinstance(message, Transcription | BroadcastState)] == [
        Transcription,
        BroadcastState,
    ]


async def test_heartbeats_are_sent(gateway: SmallGateway) -> None:
    policy = type(HASTY)(heartbeat_s=0.05, backoff=HASTY.backoff)
    async with speaker_at(gateway, policy=policy):
        await gateway.until(lambda: len(gateway.messages("heartbeat")) >= 2)
