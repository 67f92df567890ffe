"""The broadcast itself: signs in, creates a session, speaks, listens and notes everything down."""

import asyncio
import itertools
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from local.client.clips import ClipDownloader
from local.client.errors import ClientError
from local.client.http_api import CreatedSession, HttpApi, Languages
from local.client.listener import Listener
from local.client.login import SpeakerLogin
from local.client.messages import AudioAck, ServerError, ServerMessage, SessionEnded, Transcription, TranslatedAudio
from local.client.record import SourceCaption
from local.client.speaker import SAMPLE_RATE_HZ, Speaker, split_chunks
from local.endpoints import Endpoints
from local.errors import UserError
from local.report.broadcast import Broadcast
from local.wav import Recording
from scripts.verification.checks import check_broadcast
from scripts.verification.evidence import Evidence, Finding, ListenerEvidence, SpeakerEvidence, Step, StepFailedError

_END_TIMEOUT_S: Final = 60.0
"""From the speaker's ``sessionEnded`` to the listeners' and the last clip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPlan:
    """What is spoken and heard.

    Attributes:
        languages: One listener for each.
        clips: Where the clips are saved.
    """

    recording: Recording
    source_language: str
    languages: tuple[str, ...]
    clips: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings; without evidence when a step failed before the first word."""

    findings: tuple[Finding, ...]
    evidence: Evidence | None

    @property
    def passed(self) -> bool:
        """Whether every step was taken and passed."""
        return self.evidence is not None and all(finding.passed for finding in self.findings)

    @property
    def failed_steps(self) -> tuple[str, ...]:
        """Names of the findings that did not pass."""
        return tuple(finding.name for finding in self.findings if not finding.passed)


@dataclass(slots=True)
class _SpeakerNotes:
    """What the speaker's messages say, with the time at which they came."""

    acknowledged_at: dict[int, float] = field(default_factory=dict)
    captions: dict[int, SourceCaption] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    end_reason: str | None = None

    def take(self, message: ServerMessage) -> None:
        now = asyncio.get_running_loop().time()
        match message:
            case AudioAck():
                self.acknowledged_at.setdefault(message.chunk_index, now)
            case Transcription(is_final=True, sequence_number=int() as number):
                self.captions.setdefault(number, SourceCaption(number=number, text=message.text, received_at=now))
            case ServerError():
                self.notices.append(message.code)
            case SessionEnded():
                self.end_reason = message.reason
            case _:
                pass


@dataclass(slots=True)
class _ListenerNotes:
    """The order in which segments and the end came."""

    arrivals: list[int] = field(default_factory=list)
    told_after_end: int = 0
    has_ended: bool = False

    def take(self, message: ServerMessage) -> None:
        match message:
            case TranslatedAudio():
                self.told_after_end += self.has_ended
                if not message.replayed:
                    self.arrivals.append(message.sequence_number)
            case SessionEnded():
                self.has_ended = True
            case _:
                pass


class Verification:
    """One verification of a stage.

    Args:
        endpoints: The stage.
        login: The speaker's account.
        plan: What is spoken and heard.
        tell: Called with each finding as soon as it is made.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        login: SpeakerLogin,
        plan: VerificationPlan,
        tell: Callable[[Finding], None] = lambda _: None,
    ) -> None:
        self._endpoints = endpoints
        self._login = login
        self._plan = plan
        self._tell = tell
        self._findings: list[Finding] = []

    async def run(self) -> Verdict:
        """Take every step; a session that was created is ended in any case."""
        evidence = None
        try:
            async with HttpApi(self._endpoints.http_api_url) as api:
                evidence = await self._verify(api)
        except StepFailedError as error:
            self._note(error.finding)
        return Verdict(findings=tuple(self._findings), evidence=evidence)

    def _note(self, *findings: Finding) -> None:
        for finding in findings:
            self._findings.append(finding)
            self._tell(finding)

    def _pass(self, step: Step, detail: str) -> None:
        self._note(Finding(step=step, passed=True, detail=detail))

    async def _verify(self, api: HttpApi) -> Evidence:
        plan = self._plan
        try:
            token = await self._login.access_token()
        except ClientError as error:
            raise StepFailedError(Step.SIGN_IN, str(error)) from None
        self._pass(Step.SIGN_IN, f"Cognito in {self._endpoints.region}")
        offered = await self._offered(api)
        try:
            created = await api.create_session(
                token, source_language=plan.source_language, target_languages=plan.languages
            )
        except ClientError as error:
            raise StepFailedError(Step.CREATE, str(error)) from None
        self._pass(Step.CREATE, created.session_id)
        try:
            evidence = await self._broadcast(api, created, offered)
        except BaseException:
            await self._end_anyway(api, created.session_id)
            raise
        if evidence.state_afterwards != "ended":
            await self._end_anyway(api, created.session_id)
        self._note(*check_broadcast(evidence))
        return evidence

    async def _offered(self, api: HttpApi) -> Languages:
        plan = self._plan
        try:
            offered = await api.languages()
        except ClientError as error:
            raise StepFailedError(Step.LANGUAGES, str(error)) from None
        if not offered.has_source(plan.source_language):
            raise StepFailedError(Step.LANGUAGES, f"{plan.source_language!r} cannot be spoken here")
        if not plan.languages:
            raise StepFailedError(Step.LANGUAGES, "nobody would listen: no language is given")
        if missing := offered.missing_targets(plan.languages):
            raise StepFailedError(Step.LANGUAGES, f"not offered to listeners: {', '.join(missing)}")
        self._pass(Step.LANGUAGES, f"{plan.source_language} to {', '.join(plan.languages)}")
        return offered

    async def _end_anyway(self, api: HttpApi, session_id: str) -> None:
        try:
            await api.end_session(await self._login.access_token(), session_id)
        except ClientError as error:
            self._note(Finding(step=Step.END, passed=False, detail=f"{session_id} is left open: {error}"))

    async def _broadcast(self, api: HttpApi, created: CreatedSession, offered: Languages) -> Evidence:
        plan, session_id = self._plan, created.session_id
        speaker_notes = _SpeakerNotes()
        notes = {language: _ListenerNotes() for language in plan.languages}
        async with AsyncExitStack() as stack:
            http = await stack.enter_async_context(aiohttp.ClientSession())
            listeners = {
                language: Listener(
                    websocket_url=self._endpoints.websocket_url,
                    session_id=session_id,
                    language=language,
                    downloader=ClipDownloader(http),
                    clips_directory=plan.clips / language,
                    on_message=notes[language].take,
                )
                for language in plan.languages
            }
            speaker = Speaker(
                websocket_url=self._endpoints.websocket_url,
                session_id=session_id,
                token=self._login.access_token,
                on_message=speaker_notes.take,
            )
            clients: dict[str, Listener | Speaker] = {**listeners, "the speaker": speaker}
            for who, client in clients.items():
                try:
                    await stack.enter_async_context(client)
                except ClientError as error:
                    raise StepFailedError(Step.JOIN, f"{who}: {error}") from None
            self._pass(Step.JOIN, f"the speaker and listeners of {', '.join(plan.languages)}")
            failure = await _speak(speaker, listeners, plan.recording)
            records = {language: listener.record() for language, listener in listeners.items()}
        captions = tuple(speaker_notes.captions[number] for number in sorted(speaker_notes.captions))
        began = speaker.first_sample_at or 0.0
        spoken = {language.code for language in offered.targets if language.spoken}
        return Evidence(
            session_id=session_id,
            broadcast=Broadcast(
                audio_path=str(plan.recording.path),
                audio_duration_ms=plan.recording.duration_ms,
                source_language=plan.source_language,
                first_sample_at=began,
                first_sample_epoch_ms=speaker.first_sample_epoch_ms or 0,
                captions=captions,
                listeners=tuple(records.values()),
            ),
            speaker=SpeakerEvidence(
                captured_at=_captured_at(plan.recording, began),
                acknowledged_at=speaker_notes.acknowledged_at,
                resent=speaker.resent,
                captions=captions,
                notices=tuple(speaker_notes.notices),
                end_reason=speaker_notes.end_reason,
            ),
            listeners=tuple(
                ListenerEvidence(
                    record=records[language],
                    arrivals=tuple(notes[language].arrivals),
                    told_after_end=notes[language].told_after_end,
                    is_spoken=language in spoken,
                )
                for language in plan.languages
            ),
            failure=failure,
            state_afterwards=await _state(api, session_id),
        )


async def _speak(speaker: Speaker, listeners: dict[str, Listener], recording: Recording) -> str | None:
    """Speak in real time, end the session and wait for the last clip; what went wrong, if anything."""
    try:
        await speaker.speak(recording.pcm)
        await speaker.end_session()
        async with asyncio.timeout(_END_TIMEOUT_S):
            await asyncio.gather(*(listener.wait_ended() for listener in listeners.values()))
    except TimeoutError:
        late = [language for language, listener in listeners.items() if not listener.has_ended]
        return f"not told of the end within {_END_TIMEOUT_S:.0f} s: {', '.join(late)}"
    except UserError as error:
        return str(error)
    return None


def _captured_at(recording: Recording, began: float) -> tuple[float, ...]:
    """When each chunk was complete, on the clock on which the first sample was captured at ``began``."""
    samples = itertools.accumulate(len(chunk) // 2 for chunk in split_chunks(recording.pcm))
    return tuple(began + count / SAMPLE_RATE_HZ for count in samples)


async def _state(api: HttpApi, session_id: str) -> str:
    try:
        return str((await api.show_session(session_id)).get("state"))
    except ClientError as error:
        return f"unknown ({error})"
