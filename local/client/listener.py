"""The listener: receives segments in one language, downloads their clips and plays them as the app would."""

import asyncio
import contextlib
import logging
import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlencode

from local.client.clip_report import MAX_REPORTED_CLIPS, REPORTED_FATES, clip_report
from local.client.clips import ClipDownloader, save_clip
from local.client.connection import Connection, ConnectionPolicy
from local.client.errors import ClientError, ClipUnavailableError, ConnectionNotAllowedError
from local.client.inbox import Arrival, SegmentInbox
from local.client.messages import (
    ClipReport,
    SegmentsLeftOut,
    ServerError,
    ServerMessage,
    SessionEnded,
    SessionJoined,
    Transcription,
    TranslatedAudio,
    write_action,
    write_join,
    write_playback_report,
)
from local.client.playback import Playback
from local.client.received_segment import ReceivedSegment
from local.client.record import ListenerRecord, SourceCaption
from local.client.server_clock import clock_offset_ms

_LOG: Final = logging.getLogger(__name__)
_READDRESSED_AT_MOST: Final = 2
_READDRESS_ATTEMPTS: Final = 12  # 5 s apart; what is sent into a network that is silently gone is in vain


class Listener:
    """A listener's app without a loudspeaker.

    ``async with`` connects and joins. Sequence numbers it has are dropped, holes are asked for, clips are downloaded
    ahead, and `record` tells what was heard when.
    """

    def __init__(
        self,
        *,
        websocket_url: str,
        session_id: str,
        language: str,
        downloader: ClipDownloader,
        join_key: str | None = None,
        clips_directory: Path | None = None,
        on_message: Callable[[ServerMessage], None] | None = None,
        policy: ConnectionPolicy | None = None,
        playback: Playback | None = None,
        inbox: SegmentInbox | None = None,
        report_interval_s: float = 10.0,
        chance: random.Random | None = None,
    ) -> None:
        """Prepare a listener.

        Args:
            websocket_url: The WebSocket API with its stage, without a query.
            session_id: The session.
            language: The target language.
            downloader: Fetches the clips.
            join_key: Of a session that needs one.
            clips_directory: Where clips are saved as ``00000000.mp3``; None keeps none of them.
            on_message: Called with each message; repeated segments are left out.
            policy: Patience of the connection.
            playback: The model of what is heard, and so of how to catch up.
            inbox: Bookkeeping of the segments.
            report_interval_s: Between playback reports.
            chance: Source of the jitter.
        """
        self._websocket_url = websocket_url
        self._query = {"sessionId": session_id, "role": "listener", "targetLanguage": language}
        if join_key is not None:
            self._query["joinKey"] = join_key
        self.seat = secrets.token_urlsafe(16)
        """The secret of their own seat; nobody else is told."""
        self._language = language
        self._downloader = downloader
        self._clips_directory = clips_directory
        self._on_message = on_message
        self._report_interval_s = report_interval_s
        self._connection = Connection(
            url=self._url, join=self._join, handle=self._handle, policy=policy, chance=chance or random.Random()
        )
        self._inbox = inbox or SegmentInbox()
        self._playback = playback or Playback()
        self._received: dict[int, ReceivedSegment] = {}
        self._captions: dict[int, SourceCaption] = {}
        self._left_out: list[int] = []
        self._early: list[TranslatedAudio | Transcription] = []
        self._downloads: set[asyncio.Task[None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._holes_changed = asyncio.Event()
        self._changed = asyncio.Event()
        self._failure: ClientError | None = None
        self._ended: SessionEnded | None = None
        self._joined: SessionJoined | None = None
        self._joined_at = 0.0
        self._asked_at_ms = 0
        self._clock_offset_ms = 0
        self._reported: set[int] = set()

    @property
    def received(self) -> int:
        """Segments received so far."""
        return len(self._received)

    @property
    def has_ended(self) -> bool:
        """Whether ``sessionEnded`` has come."""
        return self._ended is not None

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self._stay_connected()),
            asyncio.create_task(self._ask_for_holes()),
            asyncio.create_task(self._report_regularly()),
        ]
        try:
            await self._until(lambda: self._joined is not None)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()
        tasks = [*self._tasks, *self._downloads]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def wait_ended(self) -> None:
        """Wait until the session has ended and every clip is on hand or given up.

        Raises:
            ClientError: The connection is refused or lost for good.
        """
        await self._until(lambda: self._ended is not None)
        await self.wait_downloads()
        await self._report()

    async def wait_received(self, count: int) -> None:
        """Wait until so many segments have been received and their clips are on hand or given up."""
        await self._until(lambda: len(self._received) >= count)
        await self.wait_downloads()

    async def wait_downloads(self) -> None:
        """Wait until every clip that is on its way is on hand or given up."""
        while self._downloads:
            await asyncio.wait(self._downloads)

    async def drop_connection(self) -> None:
        """Lose the network: the connection breaks and is opened again."""
        await self._connection.drop()

    def wake(self) -> None:
        """The device says that the network is back."""
        self._connection.wake()

    def record(self, *, until: float = float("inf")) -> ListenerRecord:
        """What was received and heard.

        Args:
            until: When the listener stops listening; infinity lets what is queued play out.
        """
        self._playback.advance(until)
        assert self._joined is not None
        return ListenerRecord(
            language=self._language,
            source_language=self._joined.source_language,
            first_number=self._inbox.first_number or 0,
            segments=tuple(
                received.heard(self._playback.clips[number], clock_offset_ms=self._clock_offset_ms)
                for number, received in sorted(self._received.items())
            ),
            captions=tuple(self._captions[number] for number in sorted(self._captions)),
            redelivered=self._inbox.redelivered,
            left_out=tuple(self._left_out),
            reconnections=max(0, self._connection.opened - 1),
            joined_at=self._joined_at,
            end_reason=self._ended.reason if self._ended else None,
        )

    async def _url(self) -> str:
        return f"{self._websocket_url}?{urlencode(self._query)}"

    def _join(self) -> str:
        self._asked_at_ms = time.time_ns() // 1_000_000
        return write_join(None if self._joined is None else self._inbox.last_contiguous, seat=self.seat)

    async def _stay_connected(self) -> None:
        try:
            await self._connection.run()
        except ConnectionNotAllowedError as error:
            if self._joined is None:
                self._failure = error
            else:
                self._ended = SessionEnded(reason="ended while disconnected")
        except ClientError as error:
            self._failure = error
        finally:
            self._changed.set()

    def _handle(self, message: ServerMessage) -> None:
        is_news = True
        match message:
            case SessionJoined():
                self._take_join(message)
            case TranslatedAudio() | Transcription() if self._joined is None:
                self._early.append(message)
                return
            case TranslatedAudio():
                is_news = self._take_segment(message)
            case SegmentsLeftOut():
                self._take_left_out(message)
            case Transcription():
                self._take_caption(message)
            case SessionEnded():
                self._ended = message
                self._connection.finish()
            case ServerError():
                self._take_error(message)
            case _:
                pass
        self._changed.set()
        if is_news and self._on_message is not None:
            self._on_message(message)

    def _take_join(self, message: SessionJoined) -> None:
        self._holes_changed.set()
        if self._joined is not None:
            return
        self._joined = message
        self._joined_at = time.monotonic()
        self._clock_offset_ms = clock_offset_ms(
            server_time_ms=message.server_time,
            asked_at_ms=self._asked_at_ms,
            answered_at_ms=time.time_ns() // 1_000_000,
        )
        self._inbox.begin(message.next_sequence_number)
        self._playback.begin(message.next_sequence_number)
        for early in self._early:
            self._handle(early)
        self._early.clear()

    def _take_segment(self, message: TranslatedAudio) -> bool:
        """Take a segment; False when there is nothing new in it."""
        if message.target_language != self._language:
            _LOG.warning("segment %d came in %s", message.sequence_number, message.target_language)
            return False
        now = time.monotonic()
        number = message.sequence_number
        arrival = self._inbox.accept(number, now)
        self._holes_changed.set()
        if arrival is Arrival.DUPLICATE and message.url is not None and number in self._received:
            received = self._received[number]
            received.url = message.url
            received.readdressed.set()
        if arrival is not Arrival.NEW:
            return False
        received = ReceivedSegment(message=message, url=message.url, received_at=now, readdressed=asyncio.Event())
        self._received[number] = received
        duration_s = message.duration if message.url is not None else None
        committed_at = (message.timestamp - self._clock_offset_ms - _epoch_offset_ms()) / 1000
        self._playback.announce(number, received_at=now, committed_at=committed_at, duration_s=duration_s)
        if message.url is not None:
            download = asyncio.create_task(self._download(number, received))
            self._downloads.add(download)
            download.add_done_callback(self._downloads.discard)
        return True

    def _take_left_out(self, message: SegmentsLeftOut) -> None:
        first, last = message.first_sequence_number, message.last_sequence_number
        self._left_out += self._inbox.leave_out(first, last)
        self._playback.leave_out(first, last, time.monotonic())
        self._holes_changed.set()

    def _take_caption(self, message: Transcription) -> None:
        number = message.sequence_number
        if not message.is_final or number is None or number in self._captions:
            return
        now = time.monotonic()
        self._captions[number] = SourceCaption(number=number, text=message.text, received_at=now)
        self._inbox.announce(number, now)
        self._holes_changed.set()

    def _take_error(self, error: ServerError) -> None:
        if error.code == "SESSION_ENDED":
            self._ended = self._ended or SessionEnded(reason="already ended")
            self._connection.finish()
        elif error.action == "joinSession" and not error.retryable:
            self._failure = ClientError(f"the server refused to let a listener join: {error.code}: {error.message}")

    async def _download(self, number: int, received: ReceivedSegment) -> None:
        try:
            clip = await self._fetch(number, received)
            downloaded_at = time.monotonic()
            if self._clips_directory is not None:
                received.clip = await asyncio.to_thread(save_clip, self._clips_directory, number, clip)
        except ClipUnavailableError as error:
            _LOG.info("segment %d: %s", number, error)
            self._playback.failed(number, time.monotonic())
        else:
            received.download_ms = round((downloaded_at - received.received_at) * 1000)
            self._playback.downloaded(number, downloaded_at)
        self._changed.set()

    async def _fetch(self, number: int, received: ReceivedSegment) -> bytes:
        """Download; an address that storage refuses is replaced by a fresh one, once there is a connection."""
        assert received.url is not None
        asked = 0
        for _ in range(_READDRESSED_AT_MOST):
            received.readdressed.clear()
            try:
                return await self._downloader.fetch(received.url)
            except ClipUnavailableError as error:
                if not error.is_expired:
                    raise
                while not received.readdressed.is_set():
                    if asked == _READDRESS_ATTEMPTS:
                        raise
                    asked += await self._connection.send(write_action("resume", lastSequenceNumber=number - 1))
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(received.readdressed.wait(), timeout=5.0)
        return await self._downloader.fetch(received.url)

    async def _ask_for_holes(self) -> None:
        while True:
            self._holes_changed.clear()
            ask_at = self._inbox.next_ask_at()
            timeout_s = None
            if ask_at is not None and self._connection.is_joined:
                timeout_s = max(0.0, ask_at - time.monotonic())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._holes_changed.wait()
            if self._connection.is_joined:
                number = self._inbox.resume_after(time.monotonic())
                if number is not None:
                    await self._connection.send(write_action("resume", lastSequenceNumber=number))

    async def _report_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._report_interval_s)
            await self._report()

    async def _report(self) -> None:
        clips = self._unreported(time.monotonic())
        if clips and await self._connection.send(write_playback_report(clips)):
            self._reported |= {clip.sequence_number for clip in clips}

    def _unreported(self, now: float) -> list[ClipReport]:
        """Clips whose fate was decided since the last report."""
        self._playback.advance(now)
        epoch_offset_ms = _epoch_offset_ms()
        reports = [
            clip_report(
                self._playback.clips[number],
                download_ms=received.download_ms,
                spoken_at_ms=received.message.spoken_at - self._clock_offset_ms,
                epoch_offset_ms=epoch_offset_ms,
            )
            for number, received in sorted(self._received.items())
            if number not in self._reported and self._playback.clips[number].fate in REPORTED_FATES
        ]
        return reports[:MAX_REPORTED_CLIPS]

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition that only messages and downloads change; a failure is raised."""
        while not condition():
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()


def _epoch_offset_ms() -> float:
    """The epoch less our monotonic clock."""
    return time.time_ns() / 1e6 - time.monotonic() * 1000
