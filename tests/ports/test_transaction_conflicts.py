"""DynamoDB refuses writes that meet a transaction, and answers get lost: nothing is told as failed that was done."""

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, cast

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from babelcast.adapters.dynamodb.capacity import DynamoDbCellCapacity, DynamoDbSpeakerPlaces
from babelcast.adapters.dynamodb.connections import DynamoDbConnections
from babelcast.adapters.dynamodb.segments import DynamoDbSegments
from babelcast.adapters.dynamodb.sessions import DynamoDbCursors, DynamoDbSessions
from babelcast.domain.connection import ConnectionId
from babelcast.domain.errors import CursorMovedError, StorageUnavailableError
from babelcast.domain.session import BroadcastCommand, Cursor, Session, SessionId, SessionState
from tests import aws
from tests.ports.test_stores import ES, SESSION, SESSION_ID, connection, segment

TRIES: Final = 5
SPEAKER: Final = ConnectionId("speaker=")
START: Final = Cursor()
MOVED: Final = Cursor(committed_sample=16_000, sequence_number="49", next_segment=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What becomes of a request.

    Attributes:
        code: It is refused; without one, no answer comes.
        reasons: Of a transaction's refusal, one for each of its items.
        is_done: It is carried out nevertheless.
    """

    code: str | None = None
    reasons: tuple[str, ...] = ()
    is_done: bool = False


CONFLICT: Final = Fault(code="TransactionConflictException")
"""A single write that meets a transaction."""
LOST: Final = Fault(is_done=True)
BEHIND: Final = Fault(
    code="TransactionCanceledException", reasons=("TransactionConflict", "TransactionConflict"), is_done=True
)
"""The same request of before, which was given up, is carried out after this one has been refused."""


def cancelled(*reasons: str) -> Fault:
    """A transaction that is refused."""
    return Fault(code="TransactionCanceledException", reasons=reasons)


class Wire:
    """Between the clients and DynamoDB.

    Attributes:
        faults: What becomes of an operation's next requests; they are carried out when there are no more.
        requests: Bodies of the requests that came, by operation.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.faults: dict[str, deque[Fault]] = defaultdict(deque)
        self.requests: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._done: set[str] = set()
        serve = BotocoreStubber.__call__

        def carry(stubber: BotocoreStubber, event_name: str, request: AWSPreparedRequest, **named: Any) -> Any:
            operation, body = event_name.rpartition(".")[2], json.loads(cast("bytes", request.body))
            self.requests[operation].append(body)
            fault = self.faults[operation].popleft() if self.faults[operation] else None
            answer = None
            if fault is None or fault.is_done:
                answer = self._once(request, body, lambda: serve(stubber, event_name, request, **named))
            if fault is None:
                return answer
            if fault.code is None:
                raise ConnectionClosedError(endpoint_url=request.url)
            return _refusal(request, fault)

        monkeypatch.setattr(BotocoreStubber, "__call__", carry)

    def _once(self, request: AWSPreparedRequest, body: dict[str, Any], serve: Callable[[], Any]) -> Any:
        """DynamoDB carries out a transaction once for each token, which moto does not."""
        token = body.get("ClientRequestToken")
        if token in self._done:
            return _answer(request, 200, {})
        answer = serve()
        if token and answer.status_code == 200:
            self._done.add(token)
        return answer


def _refusal(request: AWSPreparedRequest, fault: Fault) -> AWSResponse:
    body: dict[str, Any] = {"__type": f"com.amazonaws.dynamodb.v20120810#{fault.code}", "message": "refused"}
    if fault.reasons:
        body["CancellationReasons"] = [{"Code": each} for each in fault.reasons]
    return _answer(request, 400, body)


def _answer(request: AWSPreparedRequest, status: int, body: dict[str, Any]) -> AWSResponse:
    raw: Any = MockRawResponse(json.dumps(body))
    headers: Any = {}
    return AWSResponse(request.url, status, headers, raw)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    with aws.aws(monkeypatch):
        yield Wire(monkeypatch)


@pytest.fixture
async def sessions(wire: Wire) -> DynamoDbSessions:
    sessions = DynamoDbSessions(aws.SESSIONS)
    await sessions.create(SESSION)
    return sessions


@pytest.fixture
def cursors() -> DynamoDbCursors:
    return DynamoDbCursors(
        sessions_table_name=aws.SESSIONS, segments_table_name=aws.SEGMENTS, segment_retention_s=3_600
    )


async def commit(cursors: DynamoDbCursors, *, expected: Cursor = START) -> None:
    await cursors.commit(segment(0), expected=expected, moved=MOVED, expires_at_s=SESSION.expires_at_s)


async def stored(sessions: DynamoDbSessions) -> tuple[Cursor, int]:
    """The session's cursor, and how many segments there are."""
    segments = await DynamoDbSegments(aws.SEGMENTS).since(SESSION_ID, 0, limit=10)
    return (await sessions.get(SESSION_ID)).cursor, len(segments)


async def test_single_writes_that_meet_a_transaction_are_tried_again(wire: Wire, sessions: DynamoDbSessions) -> None:
    writes = wire.faults["UpdateItem"]

    writes.extend([CONFLICT] * (TRIES - 1))
    assert await sessions.attach_speaker(SESSION_ID, SPEAKER)
    writes.extend([CONFLICT] * (TRIES - 1))
    assert (await sessions.apply(SESSION_ID, BroadcastCommand.MUTE, now_ms=5)).state is SessionState.MUTED
    writes.append(CONFLICT)
    assert (await sessions.set_volume(SESSION_ID, 0.25)).volume == 0.25
    writes.append(CONFLICT)
    assert await sessions.claim_status(SESSION_ID, now_ms=10_000, interval_ms=2_000)
    writes.append(CONFLICT)
    assert await sessions.detach_speaker(SESSION_ID, SPEAKER)

    assert not writes
    now = await sessions.get(SESSION_ID)
    assert (now.state, now.volume, now.speaker_connected) == (SessionState.MUTED, 0.25, False)


@pytest.mark.parametrize(
    "reasons",
    [
        ("TransactionConflict", "None"),
        ("None", "ThrottlingError"),
        ("ProvisionedThroughputExceeded", "TransactionConflict"),
    ],
)
async def test_a_transaction_that_meets_another_write_is_tried_again(
    reasons: tuple[str, ...], wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    wire.faults["TransactWriteItems"].extend([cancelled(*reasons)] * (TRIES - 1))

    await commit(cursors)

    assert await stored(sessions) == (MOVED, 1)
    assert len(wire.requests["TransactWriteItems"]) == TRIES


async def test_a_cursor_that_moves_without_a_segment_waits_as_well(
    wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    wire.faults["UpdateItem"].append(CONFLICT)
    await cursors.move(SESSION_ID, expected=START, moved=MOVED)
    assert await stored(sessions) == (MOVED, 0)


async def test_conflicts_that_do_not_end_are_told_as_a_failure_that_may_pass(
    wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    await sessions.attach_speaker(SESSION_ID, SPEAKER)
    wire.requests.clear()
    wire.faults["UpdateItem"].extend([CONFLICT] * 100)
    wire.faults["TransactWriteItems"].extend([cancelled("TransactionConflict", "None")] * 100)

    with pytest.raises(StorageUnavailableError, match="TransactionConflictException") as refused:
        await sessions.detach_speaker(SESSION_ID, SPEAKER)
    with pytest.raises(StorageUnavailableError, match="TransactionCanceledException"):
        await commit(cursors)

    assert refused.value.retryable
    assert {name: len(wire.requests[name]) for name in ("UpdateItem", "TransactWriteItems")} == {
        "UpdateItem": TRIES,
        "TransactWriteItems": TRIES,
    }


@pytest.mark.parametrize(
    ("reasons", "error"),
    [
        (("ConditionalCheckFailed", "None"), CursorMovedError),
        (("ConditionalCheckFailed", "TransactionConflict"), CursorMovedError),
        (("ValidationError", "TransactionConflict"), StorageUnavailableError),
        (("None", "None"), StorageUnavailableError),
    ],
)
async def test_what_does_not_pass_is_not_tried_again(
    reasons: tuple[str, ...], error: type[Exception], wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    wire.faults["TransactWriteItems"].append(cancelled(*reasons))
    with pytest.raises(error):
        await commit(cursors)
    assert await stored(sessions) == (START, 0)
    assert len(wire.requests["TransactWriteItems"]) == 1


@pytest.mark.parametrize(
    "faults",
    [(LOST,), (cancelled("TransactionConflict", "None"), LOST), (LOST, LOST), (BEHIND,), (BEHIND, LOST)],
    ids=["lost", "refused, then lost", "lost twice", "done behind a refusal", "done behind a refusal, then lost"],
)
async def test_a_segment_that_was_committed_is_not_told_as_moved(
    faults: tuple[Fault, ...], wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    wire.faults["TransactWriteItems"].extend(faults)

    await commit(cursors)

    assert await stored(sessions) == (MOVED, 1)
    sent = wire.requests["TransactWriteItems"]
    assert len(sent) == len(faults) + 1
    assert all(each == sent[0] for each in sent), "one request, with one token"


async def test_every_segment_has_a_token_of_its_own(
    wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    await commit(cursors)
    with pytest.raises(CursorMovedError):
        await commit(cursors)
    assert await stored(sessions) == (MOVED, 1)


async def test_single_writes_whose_answer_is_lost_are_told_as_done(wire: Wire, sessions: DynamoDbSessions) -> None:
    writes = wire.faults["UpdateItem"]
    told = []
    for write in (
        lambda: sessions.attach_speaker(SESSION_ID, SPEAKER),
        lambda: sessions.detach_speaker(SESSION_ID, SPEAKER),
        lambda: sessions.apply(SESSION_ID, BroadcastCommand.PAUSE, now_ms=5),
        lambda: sessions.apply(SESSION_ID, BroadcastCommand.END, now_ms=6),
    ):
        writes.append(LOST)
        told.append(await write())

    assert told[:2] == [True, True]
    assert [each.state for each in told[2:] if isinstance(each, Session)] == [SessionState.PAUSED, SessionState.ENDED]
    assert await sessions.get(SESSION_ID) == replace(SESSION, state=SessionState.ENDED, ended_at_ms=6)


async def test_a_place_whose_claim_is_not_answered_is_held_once(wire: Wire) -> None:
    session, until_s = SessionId("quiet-river-204"), SESSION.expires_at_s
    places = DynamoDbSpeakerPlaces(aws.LIMITS, sessions_per_speaker=1)
    cells = DynamoDbCellCapacity(aws.LIMITS, cells=2, sessions_per_cell=1)

    wire.faults["UpdateItem"].append(LOST)
    await places.claim(SESSION.speaker_id, session, expires_at_s=until_s, now_s=0)
    wire.faults["UpdateItem"].append(LOST)
    cell = await cells.claim(session, expires_at_s=until_s, now_s=0)

    assert await places.occupants(SESSION.speaker_id) == {session: until_s}
    held = await cells.occupants()
    assert (held[cell], held[1 - cell]) == ({session: until_s}, {})


async def test_a_connection_whose_storing_is_not_answered_is_new(wire: Wire) -> None:
    connections = DynamoDbConnections(aws.CONNECTIONS)
    wire.faults["PutItem"].append(LOST)
    assert await connections.add(connection("a", ES))
    assert not await connections.add(connection("a", ES)), "somebody else stores the same"
    assert await connections.get(ConnectionId("a")) == connection("a", ES)


async def test_a_cursor_whose_move_is_not_answered_is_told_as_moved(
    wire: Wire, sessions: DynamoDbSessions, cursors: DynamoDbCursors
) -> None:
    """Whoever is told so reads it again and goes on from there."""
    wire.faults["UpdateItem"].append(LOST)
    with pytest.raises(CursorMovedError):
        await cursors.move(SESSION_ID, expected=START, moved=MOVED)
    assert await stored(sessions) == (MOVED, 0)
