"""Telling many connections: whoever is gone, slow or throttled disturbs nobody else."""

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import trustme

from babelcast import wiring
from babelcast.adapters import signed_posts
from babelcast.adapters.api_gateway import (
    _ANSWER_TIMEOUT_S,
    _CONCURRENT_POSTS,
    _PATIENCE_S,
    _SLOW_WAIT_S,
    SEND_DEADLINE_S,
    ApiGatewayConnections,
)
from babelcast.adapters.notification_sender import CHUNK_RECEIVERS, HandingOnNotifier, NotificationSenders, chunks_of
from babelcast.adapters.notifier import ApiGatewayNotifier
from babelcast.domain.connection import ConnectionId
from babelcast.domain.delivery import Delivery
from babelcast.domain.languages import LanguageCode
from babelcast.domain.notices import Notice, Transcription
from babelcast.domain.session import SessionId
from babelcast.observability import InvocationFailedError, logger
from babelcast.ports import Reach
from babelcast.protocol.messages import encode_notice
from babelcast.protocol.notification_chunk import encode_chunk
from notification_sender.handler import lambda_handler
from tests.aws_account import aws_account
from tests.connections_server import CUT, ConnectionsServer
from tests.functions_server import FunctionsServer
from tests.in_memory import CountingMeter

SPEECH = "parsimonious"


def notice(number: int = 0) -> Notice:
    return Transcription(
        session_id=SessionId("joyful-hope-911"),
        text=f"{SPEECH} {number}",
        is_final=True,
        language=LanguageCode("en"),
        timestamp=0,
        result_id=f"segment-{number}",
        sequence_number=number,
    )


def ids(count: int) -> list[ConnectionId]:
    return [ConnectionId(f"L0SM9cOFvHcC{number:03}=") for number in range(count)]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Iterator[ConnectionsServer]:
    with aws_account(monkeypatch), ConnectionsServer() as server:
        yield server


@pytest.fixture
def meter() -> CountingMeter:
    return CountingMeter()


@pytest.fixture
def notifier(gateway: ConnectionsServer, meter: CountingMeter) -> ApiGatewayNotifier:
    return ApiGatewayNotifier(ApiGatewayConnections(gateway.url), meter)


async def test_what_became_of_a_notice(
    gateway: ConnectionsServer, notifier: ApiGatewayNotifier, meter: CountingMeter
) -> None:
    here, gone, large, forbidden = ids(4)
    gateway.answers[gone].append(410)
    gateway.answers[large].append(413)
    gateway.answers[forbidden].append(403)

    reached = await notifier.send([here, gone, large, forbidden], notice())

    assert reached == {here: Reach.REACHED, gone: Reach.GONE, large: Reach.REFUSED, forbidden: Reach.FAILED}
    assert [each["text"] for each in gateway.told(here)] == [f"{SPEECH} 0"]
    assert [gateway.posts(each) for each in (gone, large, forbidden)] == [1, 1, 1], "nothing of it is tried again"
    assert meter.counts == {"NotificationsSent": 4, "NotificationsFailed": 2, "ConnectionsGone": 1}


async def test_a_post_is_signed_as_boto3_signs_it(gateway: ConnectionsServer, notifier: ApiGatewayNotifier) -> None:
    (receiver,) = ids(1)
    theirs = boto3.Session().client("apigatewaymanagementapi", endpoint_url=gateway.url)
    for _ in range(20):
        await notifier.send([receiver], notice())
        theirs.post_to_connection(ConnectionId=receiver, Data=encode_notice(notice()))
        mine, wanted = gateway.signatures[-2:]
        if mine[1] == wanted[1]:  # made in the same second
            break
    assert mine == wanted


async def test_posts_are_signed_with_the_credentials_of_the_moment(
    gateway: ConnectionsServer, meter: CountingMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=12)
    monkeypatch.setenv("AWS_CREDENTIAL_EXPIRATION", soon.isoformat())
    notifier = ApiGatewayNotifier(ApiGatewayConnections(gateway.url), meter)
    for key in ("FIRST", "FIRST", "SECOND"):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        await notifier.send(ids(1), notice())
    signed_with = [signature.partition("Credential=")[2].partition("/")[0] for _, _, signature in gateway.signatures]
    assert signed_with == ["FIRST", "FIRST", "SECOND"]


@pytest.mark.parametrize("status", [429, 500, 503, CUT])
async def test_a_throttled_post_is_tried_again_and_not_for_ever(
    status: int, gateway: ConnectionsServer, notifier: ApiGatewayNotifier
) -> None:
    for_a_moment, for_long = ids(2)
    gateway.answers[for_a_moment].extend([status] * 2)
    gateway.answers[for_long].extend([status] * 100)

    reached = await notifier.send([for_a_moment, for_long], notice())

    assert reached == {for_a_moment: Reach.REACHED, for_long: Reach.FAILED}
    assert gateway.posts(for_long) == 3


async def test_a_connection_that_hangs_holds_up_nobody(
    gateway: ConnectionsServer, notifier: ApiGatewayNotifier
) -> None:
    """Everybody else is told while its post is still waited for; the next notice does not wait for it at all."""
    hanging, *others = ids(41)
    gateway.hanging.add(hanging)

    sending = asyncio.create_task(notifier.send([hanging, *others], notice(0)))
    await asyncio.to_thread(gateway.wait_until_told, *others)
    assert not sending.done()
    first = await sending
    began = time.monotonic()
    second = await notifier.send([hanging, *others], notice(1))
    third = await notifier.send([hanging, *others], notice(2))
    took_s = time.monotonic() - began

    for reached in (first, second, third):
        assert reached == {hanging: Reach.FAILED, **dict.fromkeys(others, Reach.REACHED)}
    assert took_s < _ANSWER_TIMEOUT_S
    assert gateway.posts(hanging) == 2, "it has one post at a time"


async def test_very_many_that_hang_hold_up_nobody_not_even_the_first_time(
    gateway: ConnectionsServer, meter: CountingMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their posts never end here: whoever waited for one of them would wait for ever."""
    monkeypatch.setattr("babelcast.adapters.api_gateway._ANSWER_TIMEOUT_S", 600.0)
    notifier = ApiGatewayNotifier(ApiGatewayConnections(gateway.url, deadline_s=600.0), meter)
    everybody = ids(300)
    hanging, others = everybody[:CHUNK_RECEIVERS], everybody[CHUNK_RECEIVERS:]
    gateway.hanging.update(hanging)

    sending = asyncio.create_task(notifier.send(everybody, notice()))
    await asyncio.to_thread(gateway.wait_until_told, *others)

    assert not sending.done()
    gateway.heal()
    assert await sending == dict.fromkeys(everybody, Reach.REACHED)


async def test_very_many_that_hang_are_all_slow_from_then_on(gateway: ConnectionsServer, meter: CountingMeter) -> None:
    # Too short for all of them to be given up one batch of posts after the other.
    connections = ApiGatewayConnections(gateway.url, deadline_s=3 * _ANSWER_TIMEOUT_S)
    notifier = ApiGatewayNotifier(connections, meter)
    everybody = ids(300)
    hanging, others = everybody[:CHUNK_RECEIVERS], everybody[CHUNK_RECEIVERS:]
    gateway.hanging.update(hanging)

    for number in range(3):
        assert await notifier.send(everybody, notice(number)) == {
            **dict.fromkeys(hanging, Reach.FAILED),
            **dict.fromkeys(others, Reach.REACHED),
        }
        assert connections.slow_among(everybody) == frozenset(hanging)

    assert all([each["text"] for each in gateway.told(name)] == [f"{SPEECH} {n}" for n in range(3)] for name in others)


async def test_whoever_was_not_posted_to_because_others_hang_is_not_slow(
    gateway: ConnectionsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("babelcast.adapters.api_gateway._ANSWER_TIMEOUT_S", 600.0)
    monkeypatch.setattr("babelcast.adapters.api_gateway._POSTS_UNDER_WAY", 8)
    connections = ApiGatewayConnections(gateway.url, deadline_s=5 * _PATIENCE_S)
    hanging, others = ids(12), ids(20)[12:]
    gateway.hanging.update(hanging)

    delivery = await connections.post(hanging, b"{}")

    assert (len(delivery.late), len(delivery.failed)) == (8, 4)
    assert connections.slow_among(hanging) == delivery.late
    assert await connections.post(others, b"{}") == Delivery(), "what was given up is in nobody's way"


async def test_whoever_has_not_answered_by_the_deadline_is_slow(gateway: ConnectionsServer) -> None:
    (hanging,) = ids(1)
    gateway.hanging.add(hanging)
    connections = ApiGatewayConnections(gateway.url, deadline_s=_ANSWER_TIMEOUT_S / 2)

    delivery = await connections.post([hanging], b"{}")

    assert delivery == Delivery(late=frozenset({hanging}))
    assert connections.slow_among([hanging]) == {hanging}


async def test_a_connection_that_answers_again_is_as_the_others(
    gateway: ConnectionsServer, notifier: ApiGatewayNotifier
) -> None:
    (late,) = ids(1)
    gateway.hanging.add(late)
    assert await notifier.send([late], notice(0)) == {late: Reach.FAILED}
    gateway.heal()

    async with asyncio.timeout(20):
        number = 1
        while await notifier.send([late], notice(number)) == {late: Reach.FAILED}:
            number += 1
    # The first post, which was given up, may have come in after it.
    assert f"{SPEECH} {number}" in [each["text"] for each in gateway.told(late)]
    gateway.pauses_s[late] = 4 * _SLOW_WAIT_S
    assert await notifier.send([late], notice(99)) == {late: Reach.REACHED}, "it is waited for again"


async def test_when_nothing_answers_a_send_ends_with_its_deadline(
    gateway: ConnectionsServer, notifier: ApiGatewayNotifier
) -> None:
    everybody = ids(5 * _CONCURRENT_POSTS)
    gateway.hanging.update(everybody)

    async with asyncio.timeout(SEND_DEADLINE_S + 1):
        reached = await notifier.send(everybody, notice())

    assert reached == dict.fromkeys(everybody, Reach.FAILED)


async def test_connections_that_were_closed_while_nobody_used_them_are_not_missed(
    gateway: ConnectionsServer, notifier: ApiGatewayNotifier, meter: CountingMeter
) -> None:
    """As after an environment was frozen; the other side does not announce it."""
    gateway.closes_connections = True
    everybody = ids(5)
    for number in range(10):
        assert await notifier.send(everybody, notice(number)) == dict.fromkeys(everybody, Reach.REACHED)
    assert all(
        [each["text"] for each in gateway.told(name)] == [f"{SPEECH} {n}" for n in range(10)] for name in everybody
    )


@pytest.mark.parametrize(
    ("certified", "reach"),
    [("localhost", Reach.REACHED), ("elsewhere", Reach.FAILED)],
    ids=["as it should be", "another's certificate"],
)
async def test_only_the_right_server_is_posted_to(
    certified: str, reach: Reach, meter: CountingMeter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    signed_posts._tls.cache_clear()
    with aws_account(monkeypatch), ConnectionsServer(authority.issue_cert(certified)) as gateway:
        notifier = ApiGatewayNotifier(ApiGatewayConnections(gateway.url.replace("127.0.0.1", "localhost")), meter)
        assert await notifier.send(ids(1), notice()) == dict.fromkeys(ids(1), reach)
        assert gateway.posts(ids(1)[0]) == (reach is Reach.REACHED)
    signed_posts._tls.cache_clear()


async def test_a_server_that_nobody_vouches_for_is_not_posted_to(
    meter: CountingMeter, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = trustme.CA().issue_cert("localhost")
    with aws_account(monkeypatch), ConnectionsServer(certificate) as gateway:
        notifier = ApiGatewayNotifier(ApiGatewayConnections(gateway.url.replace("127.0.0.1", "localhost")), meter)
        assert await notifier.send(ids(1), notice()) == dict.fromkeys(ids(1), Reach.FAILED)
        assert gateway.posts(ids(1)[0]) == 0


async def test_nobody_listens_at_the_endpoint(gateway: ConnectionsServer, meter: CountingMeter) -> None:
    nowhere = gateway.url.replace("127.0.0.1", "127.0.0.2")
    async with asyncio.timeout(SEND_DEADLINE_S + 1):
        reached = await ApiGatewayNotifier(ApiGatewayConnections(nowhere), meter).send(ids(2), notice())
    assert reached == dict.fromkeys(ids(2), Reach.FAILED)


@dataclass
class Hall:
    gateway: ConnectionsServer
    functions: FunctionsServer
    notifier: HandingOnNotifier
    meter: CountingMeter


@pytest.fixture
def hall(gateway: ConnectionsServer, meter: CountingMeter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    functions = FunctionsServer()
    for name, value in {
        "AWS_ENDPOINT_URL_LAMBDA": functions.url,
        "STAGE": "test",
        "LOG_LEVEL": "INFO",
        "WEBSOCKET_MANAGEMENT_ENDPOINT": gateway.url,
        "POWERTOOLS_METRICS_NAMESPACE": "Babelcast/test",
        "POWERTOOLS_SERVICE_NAME": "notification_sender",
    }.items():
        monkeypatch.setenv(name, value)
    wiring.notification_sending.cache_clear()
    notifier = HandingOnNotifier(ApiGatewayConnections(gateway.url), NotificationSenders("the-sender"), meter)
    yield Hall(gateway, functions, notifier, meter)
    functions.close()
    wiring.notification_sending.cache_clear()


async def test_a_few_are_told_without_another_function(hall: Hall) -> None:
    everybody = ids(CHUNK_RECEIVERS)

    assert await hall.notifier.send(everybody, notice()) == dict.fromkeys(everybody, Reach.REACHED)

    assert hall.functions.chunks == []
    assert "NotificationsHandedOn" not in hall.meter.counts


async def test_many_are_told_in_chunks(hall: Hall, capsys: pytest.CaptureFixture[str]) -> None:
    gone, large, throttled, *others = everybody = ids(2 * CHUNK_RECEIVERS + 50)
    hall.gateway.answers[gone].append(410)
    hall.gateway.answers[large].append(413)
    hall.gateway.answers[throttled].extend([429] * 3)

    reached = await hall.notifier.send(everybody, notice())

    assert reached == {
        gone: Reach.GONE,
        large: Reach.REFUSED,
        throttled: Reach.FAILED,
        **dict.fromkeys(others, Reach.REACHED),
    }
    assert [len(hall.gateway.told(each)) for each in others] == [1] * len(others)
    assert [len(chunk) for chunk in hall.functions.chunks] == [150, 150, 150]
    assert sorted(each for chunk in hall.functions.chunks for each in chunk) == everybody
    assert hall.functions.sessions == {"joyful-hope-911"}
    assert hall.meter.counts == {
        "NotificationsHandedOn": 450,
        "NotificationsSent": 450,
        "NotificationsFailed": 2,
        "ConnectionsGone": 1,
    }
    assert SPEECH not in "".join(capsys.readouterr())


async def test_a_chunk_that_fails_fails_alone(hall: Hall) -> None:
    everybody = ids(2 * CHUNK_RECEIVERS)

    def fails_for_the_first(event: dict[str, Any]) -> object:
        if everybody[0] in event["receivers"]:
            raise RuntimeError("out of memory")
        return lambda_handler(event, None)

    hall.functions.behaviour = fails_for_the_first
    reached = await hall.notifier.send(everybody, notice())

    assert [each for each in everybody if reached[each] is Reach.FAILED] == everybody[:CHUNK_RECEIVERS]
    assert [each for each in everybody if reached[each] is Reach.REACHED] == everybody[CHUNK_RECEIVERS:]


async def test_a_chunk_that_fails_is_logged_with_its_session_and_nothing_of_what_it_holds(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(_self: object, receivers: object, message: bytes) -> object:
        raise ValueError(f"cannot post {message!r} to {receivers}")

    def is_invoked(event: dict[str, Any]) -> object:
        monkeypatch.setattr(ApiGatewayConnections, "post", fails)
        return lambda_handler(event, None)

    (_, chunk) = chunks_of(tuple(ids(2 * CHUNK_RECEIVERS)))
    message = encode_notice(notice())
    event = json.loads(encode_chunk(chunk, message, SessionId("joyful-hope-911")))
    with pytest.raises(InvocationFailedError, match=r"^ValueError$"):
        await asyncio.to_thread(is_invoked, event)

    (record,) = caplog.records
    line = json.loads(logger.registered_formatter.format(record))
    assert (line["message"], line["error"], line["session_id"]) == ("failure", "ValueError", "joyful-hope-911")
    assert SPEECH not in json.dumps(line) + "".join(capsys.readouterr())


async def test_an_invocation_that_hangs_is_given_up_with_the_deadline(hall: Hall) -> None:
    everybody = ids(CHUNK_RECEIVERS + 1)

    def hangs(_event: dict[str, Any]) -> object:
        time.sleep(SEND_DEADLINE_S + 0.5)
        return {}

    hall.functions.behaviour = hangs
    async with asyncio.timeout(SEND_DEADLINE_S + 1):
        reached = await hall.notifier.send(everybody, notice())

    assert reached == dict.fromkeys(everybody, Reach.FAILED)


async def test_no_chunk_waits_twice_for_a_connection_that_hangs(hall: Hall) -> None:
    hanging, *others = everybody = ids(CHUNK_RECEIVERS + 1)
    hall.gateway.hanging.add(hanging)

    for number in range(2):
        reached = await hall.notifier.send(everybody, notice(number))
        assert reached == {hanging: Reach.FAILED, **dict.fromkeys(others, Reach.REACHED)}

    assert hanging in {each for chunk in hall.functions.chunks[:2] for each in chunk}
    assert hanging not in {each for chunk in hall.functions.chunks[2:] for each in chunk}
