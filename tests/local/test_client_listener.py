"""The listener's client against a gateway: every segment is heard once, in its place, or reported as not heard."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile

from local.client.backoff import Backoff
from local.client.clips import ClipDownloader
from local.client.errors import ConnectionNotAllowedError
from local.client.inbox import SegmentInbox
from local.client.listener import Listener
from local.client.messages import SessionJoined, TranslatedAudio
from local.client.playback import Fate
from tests.local.small_gateway import HASTY, SmallGateway


def make_clip() -> bytes:
    buffer = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 500 * np.arange(24_000) / 24_000)
    soundfile.write(buffer, tone, 24_000, format="MP3")
    return buffer.getvalue()


CLIP = make_clip()


@pytest.fixture
async def gateway() -> AsyncIterator[SmallGateway]:
    async with SmallGateway() as small:
        for number in range(20):
            small.clip_answers[f"{number}.mp3"].append((200, CLIP))
        yield small


@pytest.fixture
async def downloader() -> AsyncIterator[ClipDownloader]:
    async with aiohttp.ClientSession() as http:
        yield ClipDownloader(http, give_up_s=0.5, timeout_s=5.0, backoff=Backoff(floor_s=0.01, ceiling_s=0.02))


def listener_at(gateway: SmallGateway, downloader: ClipDownloader, **options: object) -> Listener:
    settings: dict[str, object] = {
        "policy": HASTY,
        "inbox": SegmentInbox(overtaken_patience_s=0.05, caption_patience_s=0.1),
        **options,
    }
    return Listener(
        websocket_url=gateway.websocket_url,
        session_id="joyful-hope-911",
        language="es",
        downloader=downloader,
        **settings,  # type: ignore[arg-type]
    )


async def test_segments_are_received_downloaded_and_played(
    gateway: SmallGateway, downloader: ClipDownloader, tmp_path: Path
) -> None:
    async with listener_at(gateway, downloader, clips_directory=tmp_path, join_key="open sesame") as listener:
        await gateway.publish(0, url=gateway.clip_url("0.mp3"))
        await gateway.publish(1, url=None)
        await gateway.publish(2, url=gateway.clip_url("2.mp3"))
        await gateway.end()
        await listener.wait_ended()
        record = listener.record()
    assert gateway.clients[0].query == {
        "sessionId": "joyful-hope-911", "role": "listener", "targetLanguage": "es", "joinKey": "open sesame"
    }  # fmt: skip
    joined = gateway.clients[0].messages[0]
    assert joined == {"action": "joinSession", "seat": joined["seat"]}
    assert [(segment.number, segment.fate) for segment in record.segments] == [
        (0, Fate.PLAYED), (1, Fate.TEXT_ONLY), (2, Fate.PLAYED)
    ]  # fmt: skip
    assert (record.source_language, record.first_number, record.end_reason) == ("en", 0, "ended")
    first, text_only, last = record.segments
    assert first.clip == tmp_path / "00000000.mp3"
    assert first.clip.read_bytes() == CLIP
    assert text_only.clip is None
    assert first.played_at is not None
    assert last.played_at is not None
    assert first.received_at <= first.played_at <= last.played_at - 1.0
    assert first.download_ms is not None
    assert (first.text, first.source_text, first.spoken_end_ms) == ("texto 0", "text 0", 1_500)


async def test_a_number_is_heard_once_however_often_it_comes(gateway: SmallGateway, downloader: ClipDownloader) -> None:
    seen: list[int] = []

    def note(message: object) -> None:
        if isinstance(message, TranslatedAudio):
            seen.append(message.sequence_number)

    async with listener_at(gateway, downloader, on_message=note) as listener:
        for number in (0, 0, 1, 0, 1):
            await gateway.publish(number, url=gateway.clip_url(f"{number}.mp3"))
        await gateway.end()
        await listener.wait_ended()
        record = listener.record()
    assert seen == [0, 1]
    assert record.redelivered == 3
    assert [segment.number for segment in record.segments] == [0, 1]
    assert sorted(gateway.clip_requests) == ["0.mp3", "1.mp3"]


async def test_a_hole_is_asked_for_and_filled(gateway: SmallGateway, downloader: ClipDownloader) -> None:
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=gateway.clip_url("0.mp3"))
        await gateway.publish(1, url=gateway.clip_url("1.mp3"), to=set())
        await gateway.publish(2, url=gateway.clip_url("2.mp3"))
        await listener.wait_received(3)
        record = listener.record()
    assert gateway.messages("resume")[0] == {"action": "resume", "lastSequenceNumber": 0}
    starts = [segment.played_at for segment in record.segments if segment.played_at is not None]
    assert len(starts) == 3
    assert starts == sorted(starts)


async def test_a_missing_last_segment_is_noticed_by_its_caption(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=None, to=set())
        await gateway.tell_all(
            type="transcription", sessionId="s", text="Good evening.", isFinal=True, language="en", timestamp=1,
            resultId="segment-0", sequenceNumber=0,
        )  # fmt: skip
        await listener.wait_received(1)
        record = listener.record()
    assert gateway.messages("resume") == [{"action": "resume", "lastSequenceNumber": -1}]
    assert [(caption.number, caption.text) for caption in record.captions] == [(0, "Good evening.")]


async def test_no_two_listeners_claim_one_seat(gateway: SmallGateway, downloader: ClipDownloader) -> None:
    async with listener_at(gateway, downloader), listener_at(gateway, downloader):
        first, second = (client.messages[0]["seat"] for client in gateway.clients)
    assert first != second
    assert len(first) == len(second) == 22


async def test_what_was_missed_while_disconnected_comes_after_joining_again(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=gateway.clip_url("0.mp3"))
        await listener.wait_received(1)
        gateway.refusals.extend([503] * 3)
        await listener.drop_connection()
        for number in (1, 2):
            await gateway.publish(number, url=gateway.clip_url(f"{number}.mp3"), to=set())
        await listener.wait_received(3)
        record = listener.record()
    joined, again = (client.messages[0] for client in gateway.clients)
    assert again == {"action": "joinSession", "lastSequenceNumber": 0, "seat": joined["seat"]}
    assert record.reconnections == 1
    assert record.redelivered == 0
    assert [segment.fate for segment in record.segments] == [Fate.PLAYED] * 3


async def test_a_listener_who_was_away_for_too_long_goes_on_with_the_last_of_it(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    gateway.most_replayed = 2
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=gateway.clip_url("0.mp3"))
        await listener.wait_received(1)
        gateway.refusals.extend([503] * 3)
        await listener.drop_connection()
        for number in range(1, 9):
            await gateway.publish(number, url=gateway.clip_url(f"{number}.mp3"), to=set())
        await listener.wait_received(3)
        await gateway.publish(9, url=gateway.clip_url("9.mp3"), to=set())
        await gateway.tell_segment(gateway.clients[-1], 9, replayed=False)
        await listener.wait_received(4)
        record = listener.record()
    assert [segment.number for segment in record.segments] == [0, 7, 8, 9]
    assert [segment.fate for segment in record.segments] == [Fate.PLAYED] * 4
    assert record.left_out == tuple(range(1, 7))
    assert not [each for each in gateway.clients[1].messages if each["action"] == "resume"]


async def test_a_listener_who_missed_everything_asks_from_its_beginning(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    gateway.next_number = 7
    async with listener_at(gateway, downloader) as listener:
        await listener.drop_connection()
        await gateway.publish(7, url=gateway.clip_url("7.mp3"), to=set())
        await listener.wait_received(1)
        record = listener.record()
    assert gateway.clients[1].messages[0]["lastSequenceNumber"] == 6
    assert record.first_number == 7


async def test_a_segment_that_comes_before_the_greeting_is_not_lost(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    gateway.unanswered_joins = 1

    async def speak_early() -> None:
        await gateway.until(lambda: len(gateway.messages("joinSession")) == 1)
        early = {**gateway._segment(0, None), "targetLanguage": "es", "replayed": False}
        await gateway.clients[0].tell(**early)

    speaking = asyncio.create_task(speak_early())
    async with listener_at(gateway, downloader) as listener:
        await speaking
        await listener.wait_received(1)
        assert [segment.number for segment in listener.record().segments] == [0]


async def test_a_download_that_fails_is_tried_again(gateway: SmallGateway, downloader: ClipDownloader) -> None:
    gateway.clip_answers["0.mp3"].extendleft([(500, b""), (503, b"")])
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=gateway.clip_url("0.mp3"))
        await listener.wait_received(1)
        assert listener.record().segments[0].fate is Fate.PLAYED
    assert gateway.clip_requests == ["0.mp3"] * 3


async def test_a_clip_that_cannot_be_had_is_reported_and_the_next_is_played(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    gateway.clip_answers["0.mp3"].clear()
    gateway.clip_answers["0.mp3"].append((500, b""))
    async with listener_at(gateway, downloader, report_interval_s=0.1) as listener:
        await gateway.publish(0, url=gateway.clip_url("0.mp3"))
        await gateway.publish(1, url=gateway.clip_url("1.mp3"))
        await gateway.until(lambda: sum(len(report["clips"]) for report in gateway.messages("playbackReport")) == 2)
        record = listener.record()
    assert [segment.fate for segment in record.segments] == [Fate.FAILED, Fate.PLAYED]
    failed, played = [clip for report in gateway.messages("playbackReport") for clip in report["clips"]]
    assert (failed["sequenceNumber"], failed["failed"], failed["playedAt"]) == (0, True, None)
    assert (played["sequenceNumber"], played["failed"], played["skipped"]) == (1, False, False)
    assert played["playedAt"] >= played["receivedAt"]


async def test_an_address_that_has_expired_is_replaced_by_a_fresh_one(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    gateway.clip_answers["expired.mp3"].append((403, b""))
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=gateway.clip_url("expired.mp3"))
        gateway.segments[0]["url"] = gateway.clip_url("0.mp3")
        await listener.wait_received(1)
        assert listener.record().segments[0].fate is Fate.PLAYED
    assert gateway.clip_requests == ["expired.mp3", "0.mp3"]
    assert gateway.messages("resume") == [{"action": "resume", "lastSequenceNumber": -1}]


async def test_a_fresh_address_is_asked_for_until_it_comes_and_is_good(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    for expired in ("expired.mp3", "expired too.mp3"):
        gateway.clip_answers[expired].append((403, b""))
    async with listener_at(gateway, downloader) as listener:
        await gateway.publish(0, url=gateway.clip_url("expired.mp3"))
        gateway.segments[0]["url"] = gateway.clip_url("expired too.mp3")
        await gateway.until(lambda: len(gateway.messages("resume")) == 1)
        gateway.segments[0]["url"] = gateway.clip_url("0.mp3")
        await listener.wait_received(1)
        assert listener.record().segments[0].fate is Fate.PLAYED
    assert gateway.clip_requests[-1] == "0.mp3"


async def test_a_clip_that_is_no_sound_counts_as_failed(
    gateway: SmallGateway, downloader: ClipDownloader, tmp_path: Path
) -> None:
    gateway.clip_answers["noise.mp3"].append((200, b"<html>not sound</html>"))
    async with listener_at(gateway, downloader, clips_directory=tmp_path) as listener:
        await gateway.publish(0, url=gateway.clip_url("noise.mp3"))
        await listener.wait_received(1)
        record = listener.record()
    assert record.segments[0].fate is Fate.FAILED
    assert record.segments[0].clip is None


async def test_a_segment_in_another_language_is_not_taken(gateway: SmallGateway, downloader: ClipDownloader) -> None:
    async with listener_at(gateway, downloader) as listener:
        foreign = {**gateway._segment(0, None), "targetLanguage": "fr", "replayed": False}
        await gateway.clients[0].tell(**foreign)
        await gateway.publish(0, url=None)
        await listener.wait_received(1)
        assert [segment.text for segment in listener.record().segments] == ["texto 0"]
        assert listener.record().redelivered == 0


async def test_a_refused_listener_is_told_so(gateway: SmallGateway, downloader: ClipDownloader) -> None:
    gateway.refusals.append(403)
    with pytest.raises(ConnectionNotAllowedError):
        async with listener_at(gateway, downloader):
            pass


async def test_a_session_that_ended_while_the_listener_was_away_has_ended(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    async with listener_at(gateway, downloader) as listener:
        gateway.refusals.extend([403] * 5)
        await listener.drop_connection()
        await listener.wait_ended()
        assert listener.record().end_reason == "ended while disconnected"


async def test_a_new_connection_is_opened_before_the_old_one_grows_too_old(
    gateway: SmallGateway, downloader: ClipDownloader
) -> None:
    greetings: list[object] = []

    def note(message: object) -> None:
        if isinstance(message, SessionJoined):
            greetings.append(message)

    async with listener_at(gateway, downloader, on_message=note) as listener:
        await gateway.clients[0].tell(type="connectionRefreshRequired", expiresAt=0)
        await gateway.until(lambda: len(gateway.clients) == 2 and gateway.clients[0].socket.closed)
        await gateway.publish(0, url=None)
        await listener.wait_received(1)
        assert listener.record().reconnections == 1
    assert len(greetings) == 2
