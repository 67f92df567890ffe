"""What one speaker, one address and one connection may have, as they notice it."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend

from authorizer.handler import lambda_handler as authorize
from babelcast.domain.limits import FAILED_JOINS, JOINS, Limit
from babelcast.observability import InvocationFailedError
from babelcast.usecases import limit_joins
from connection_handler.handler import lambda_handler
from disconnect_handler.handler import lambda_handler as disconnect
from http_session_handler.handler import lambda_handler as http_handler
from tests import aws
from tests.aws_account import REGION
from tests.handlers.conftest import Keys, authorizer_event, http_event, told, websocket_event

pytestmark = pytest.mark.usefixtures("stage")

Answer = dict[str, Any]
UNKNOWN = "happy-cloud-999"


def metric(name: str, output: str) -> float:
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return float(sum(line[name][0] for line in lines if name in line))


def post_session(user: str) -> tuple[int, Answer]:
    answer = http_handler(http_event("POST /sessions", body={"sourceLanguage": "en"}, user=user), None)
    return answer["statusCode"], json.loads(answer["body"])


def show(session_id: str, source_ip: str = "192.0.2.1", join_key: str | None = None) -> tuple[int, Answer]:
    event = http_event("GET /sessions/{sessionId}", session_id=session_id, source_ip=source_ip, join_key=join_key)
    answer = http_handler(event, None)
    return answer["statusCode"], json.loads(answer["body"])


def join(session_id: str, source_ip: str = "192.0.2.1", **query: str) -> tuple[str, str | None]:
    """What the authorizer decides about a listener, and why."""
    query = {"role": "listener", "targetLanguage": "es"} | query
    answer = authorize(authorizer_event(source_ip=source_ip, sessionId=session_id, **query), None)
    return answer["policyDocument"]["Statement"][0]["Effect"], answer["context"].get("code")


def say(action: str, session_id: str, connection: str, **fields: object) -> list[Answer]:
    """Send something as a listener; what is told in answer."""
    before = len(told(connection))
    who: Answer = {"connection": connection, "role": "listener", "language": "es"}
    body = {"action": action, **fields}
    answer = lambda_handler(websocket_event(action, session_id=session_id, body=body, **who), None)
    return [json.loads(answer["body"])] if "body" in answer else told(connection)[before:]


def connect(session_id: str, connection: str) -> None:
    who: Answer = {"connection": connection, "role": "listener", "language": "es"}
    assert lambda_handler(websocket_event("$connect", session_id=session_id, **who), None) == {"statusCode": 200}


def leave(session_id: str, connection: str) -> None:
    who: Answer = {"connection": connection, "role": "listener", "language": "es"}
    disconnect(websocket_event("$disconnect", session_id=session_id, **who), None)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits on joining that are reached sooner."""
    monkeypatch.setattr(limit_joins, "JOINS", Limit(name=JOINS.name, burst=6, per_s=0.001))
    monkeypatch.setattr(limit_joins, "FAILED_JOINS", Limit(name=FAILED_JOINS.name, burst=3, per_s=0.001))
    monkeypatch.setattr(limit_joins, "SPEAKER_JOINS", Limit(name="speaker-joins", burst=2, per_s=0.001))


def test_a_speaker_has_three_live_sessions(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SESSIONS_PER_CELL", "10")
    _, first = post_session("ada")
    assert [post_session("ada")[0] for _ in range(2)] == [201, 201]
    capsys.readouterr()
    status, refused = post_session("ada")
    assert (status, refused["code"], refused["retryable"]) == (503, "AT_CAPACITY", True)
    output = capsys.readouterr().out
    assert metric("HttpRequestsLimited", output) == 1
    assert metric("SessionsRefusedAtCapacity", output) == 0, "the stage is not full"
    assert post_session("bob")[0] == 201
    http_handler(http_event("DELETE /sessions/{sessionId}", session_id=first["sessionId"], user="ada"), None)
    assert post_session("ada")[0] == 201


def test_a_speaker_who_creates_sessions_without_end_is_slowed_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SESSIONS_PER_CELL", "SESSIONS_PER_SPEAKER"):
        monkeypatch.setenv(name, "100")
    assert [post_session("ada")[0] for _ in range(10)] == [201] * 10
    status, refused = post_session("ada")
    assert (status, refused["code"], refused["retryable"]) == (429, "RATE_LIMITED", True)
    assert metric("HttpRequestsLimited", capsys.readouterr().out) == 1
    assert post_session("bob")[0] == 201


@pytest.mark.usefixtures("few")
def test_who_guesses_sessions_is_not_told_any_more_whether_they_exist(
    create: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    session_id = create()
    assert [join(UNKNOWN), show(UNKNOWN)[0], join(UNKNOWN)] == [
        ("Deny", "SESSION_NOT_FOUND"), 404, ("Deny", "SESSION_NOT_FOUND"),
    ]  # fmt: skip
    assert join(session_id) == ("Deny", "RATE_LIMITED")
    assert show(session_id)[1] == {"code": "RATE_LIMITED", "message": "too fast: failed-joins", "retryable": True}
    assert show(UNKNOWN)[0] == 429
    assert join(session_id, source_ip="192.0.2.2") == ("Allow", None)
    assert show(session_id, source_ip="192.0.2.2")[0] == 200
    assert metric("JoinsLimited", capsys.readouterr().out) == 3


@pytest.mark.usefixtures("few")
def test_who_guesses_join_keys_is_not_told_any_more_whether_they_fit(create: Callable[..., str]) -> None:
    session_id = create(joinKey="open-sesame")
    for number in range(3):
        assert join(session_id, joinKey=f"guess-{number}") == ("Deny", "NOT_ALLOWED")
    assert join(session_id, joinKey="open-sesame") == ("Deny", "RATE_LIMITED")
    assert join(session_id, "192.0.2.2", joinKey="open-sesame") == ("Allow", None)


@pytest.mark.usefixtures("few")
def test_a_join_key_is_no_easier_to_guess_over_http(create: Callable[..., str]) -> None:
    session_id = create(joinKey="open-sesame")
    assert [show(session_id, join_key="open-sesame")[0] for _ in range(5)] == [200] * 5, "who knows it uses nothing up"
    assert [show(session_id, join_key=f"guess-{number}")[0] for number in range(3)] == [403] * 3
    assert show(session_id, join_key="open-sesame")[1]["code"] == "RATE_LIMITED"
    assert join(session_id, joinKey="open-sesame") == ("Deny", "RATE_LIMITED")
    assert show(session_id, "192.0.2.2", join_key="open-sesame")[0] == 200


@pytest.mark.usefixtures("few")
def test_one_address_joins_so_often_and_no_more(create: Callable[..., str]) -> None:
    session_id = create()
    home = "2001:db8:1:2::{}"
    assert {join(session_id, home.format(number)) for number in range(1, 7)} == {("Allow", None)}
    assert join(session_id, home.format(99)) == ("Deny", "RATE_LIMITED")
    assert join(session_id, "2001:db8:1:3::1") == ("Allow", None)


def test_a_hall_behind_one_address_comes_in_at_once(create: Callable[..., str]) -> None:
    assert JOINS.burst >= 1_000
    session_id = create()
    assert {join(session_id) for _ in range(120)} == {("Allow", None)}


@pytest.mark.usefixtures("few")
def test_a_speaker_is_not_shut_out_by_the_guessers_of_their_hall(create: Callable[..., str], keys: Keys) -> None:
    session_id = create("user-1")
    for _ in range(8):
        join(UNKNOWN)
    query = {"role": "speaker", "token": keys.token("user-1")}
    assert [join(session_id, **query) for _ in range(3)] == [("Allow", None)] * 2 + [("Deny", "RATE_LIMITED")]


def test_no_address_is_kept(create: Callable[..., str]) -> None:
    create()
    join(UNKNOWN)
    items = boto3.client("dynamodb", region_name=REGION).scan(TableName=aws.LIMITS)["Items"]
    assert any(item["limitKey"]["S"].startswith("failed-joins#") for item in items)
    assert "192.0.2.1" not in json.dumps(items)
    assert all("expiresAt" in item for item in items)


def test_a_table_of_limits_that_fails_locks_nobody_out(
    create: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session_id = create()
    update_item, get_item = DynamoDBBackend.update_item, DynamoDBBackend.get_item

    def failing(real: Any) -> Any:
        def call(self: object, table_name: str, *arguments: Any, **named: Any) -> Any:
            if table_name == aws.LIMITS:
                raise JsonRESTError("ValidationException", "out of order")
            return real(self, table_name, *arguments, **named)

        return call

    monkeypatch.setattr(DynamoDBBackend, "update_item", failing(update_item))
    monkeypatch.setattr(DynamoDBBackend, "get_item", failing(get_item))
    assert join(session_id) == ("Allow", None)
    connect(session_id, "a=")
    assert [each["type"] for each in say("joinSession", session_id, "a=")] == ["sessionJoined"]
    assert show(session_id)[0] == 200
    leave(session_id, "a=")
    assert metric("LimitsUnchecked", capsys.readouterr().out) == 4


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"]
)
def test_who_guesses_faster_than_can_be_counted_is_told_nothing(
    create: Callable[..., str], code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session_id = create(joinKey="open-sesame")
    update_item, buckets = DynamoDBBackend.update_item, []

    def throttled(self: Any, table_name: str, key: Any, *arguments: Any, **named: Any) -> Any:
        if table_name == aws.LIMITS:
            buckets.append(key)
            raise JsonRESTError(code, "slow down")
        return update_item(self, table_name, key, *arguments, **named)

    with monkeypatch.context() as load:
        load.setattr(DynamoDBBackend, "update_item", throttled)
        guesses = [(session_id, "open-sesame"), (session_id, "guess"), (UNKNOWN, None)]
        for guess in guesses:
            status, refused = show(guess[0], join_key=guess[1])
            assert (status, refused["code"], refused["retryable"]) == (429, "RATE_LIMITED", True)
        # Not 403, which some take for an answer: whoever was in the way of a guesser tries again.
        with pytest.raises(InvocationFailedError):
            join(session_id, joinKey="open-sesame")
    assert len(buckets) == 4, "nothing is asked again"
    output = capsys.readouterr().out
    assert (metric("JoinsLimited", output), metric("LimitsUnchecked", output)) == (4, 0)
    assert join(session_id, joinKey="open-sesame") == ("Allow", None)
    assert show(session_id, join_key="open-sesame")[0] == 200


def test_a_full_room_says_so_and_takes_the_next_when_somebody_leaves(
    create: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    session_id = create()
    for name in ("a=", "b=", "c=", "late="):
        connect(session_id, name)
    (refused,) = say("joinSession", session_id, "late=")
    assert (refused["type"], refused["code"], refused["retryable"]) == ("error", "AT_CAPACITY", True)
    assert refused["action"] == "joinSession"
    assert metric("ListenersRefusedAtCapacity", capsys.readouterr().out) == 1
    speaker = websocket_event("$connect", session_id=session_id)
    assert lambda_handler(speaker, None) == {"statusCode": 200}
    leave(session_id, "late=")
    leave(session_id, "a=")
    connect(session_id, "late=")
    assert [each["type"] for each in say("joinSession", session_id, "late=")] == ["sessionJoined"]
    assert say("joinSession", session_id, "later=")[0]["code"] == "AT_CAPACITY"


def test_joining_again_takes_no_second_seat(create: Callable[..., str]) -> None:
    session_id = create()
    for name in ("a=", "b=", "c="):
        connect(session_id, name)
        for _ in range(3):
            assert say("joinSession", session_id, name)[0]["type"] == "sessionJoined"
    leave(session_id, "a=")
    leave(session_id, "a=")
    connect(session_id, "d=")
    assert say("joinSession", session_id, "e=")[0]["code"] == "AT_CAPACITY"


def test_a_hall_that_lost_its_network_gets_its_seats_back_and_nobody_else_gets_one(
    create: Callable[..., str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LISTENERS_PER_SESSION", "10")
    session_id = create()

    def enter(name: str, secret: str | None, **fields: object) -> str:
        connect(session_id, name)
        answer = say("joinSession", session_id, name, **fields | ({} if secret is None else {"seat": secret}))[0]
        return str(answer.get("code", answer["type"]))

    secrets = [f"secret-of-listener-{number}" for number in range(10)]
    assert {enter(f"{number}=", secrets[number]) for number in range(10)} == {"sessionJoined"}
    capsys.readouterr()
    # Eight lose their network, and API Gateway has not noticed.
    back = {enter(f"{number}-back=", secrets[number], lastSequenceNumber=4) for number in range(8)}
    assert back == {"sessionJoined"}
    assert metric("ListenersRefusedAtCapacity", capsys.readouterr().out) == 0
    for number in range(8):
        leave(session_id, f"{number}=")
    here = {f"{number}-back=" for number in range(8)} | {"8=", "9="}
    items = boto3.client("dynamodb", region_name=REGION).scan(TableName=aws.CONNECTIONS)["Items"]
    assert {item["connectionId"]["S"] for item in items if item["role"]["S"] == "listener"} == here

    assert enter("stranger=", None, lastSequenceNumber=-1) == "AT_CAPACITY"
    assert enter("guesser=", "secret-of-listener-x", lastSequenceNumber=4) == "AT_CAPACITY"
    assert enter("clumsy=", "too short") == "INVALID_MESSAGE"
    limits = boto3.client("dynamodb", region_name=REGION).scan(TableName=aws.LIMITS)["Items"]
    assert "secret-of-listener" not in json.dumps(limits)
    assert all("expiresAt" in item for item in limits)
    output = capsys.readouterr().out
    assert metric("ListenersRefusedAtCapacity", output) == 2
    assert "secret-of-listener" not in output
