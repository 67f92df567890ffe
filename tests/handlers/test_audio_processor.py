"""What the audio processor answers to the event source; the way of speech through it is tested on the local stack."""

import boto3
import pytest

from audio_processor.handler import lambda_handler
from babelcast.domain.stream_record import Control, ControlKind
from babelcast.protocol.audio_record import encode_record
from tests import aws
from tests.aws_account import REGION
from tests.handlers.conftest import kinesis_event

PAUSE = encode_record(Control(kind=ControlKind.PAUSE, at_ms=1))

pytestmark = pytest.mark.usefixtures("stage")


def test_a_bad_record_is_counted_and_does_not_come_again(capsys: pytest.CaptureFixture[str]) -> None:
    event = kinesis_event(("joyful-hope-911", "49001", b"garbage"), ("joyful-hope-911", "49002", PAUSE))
    assert lambda_handler(event, None) == {"batchItemFailures": []}
    assert '"BadRecords":[1.0]' in capsys.readouterr().out


def test_records_of_an_expired_session_are_dropped() -> None:
    assert lambda_handler(kinesis_event(("happy-cloud-999", "49001", PAUSE)), None) == {"batchItemFailures": []}


def test_what_fails_is_reported_so_that_it_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    boto3.client("dynamodb", region_name=REGION).delete_table(TableName=aws.SESSIONS)
    event = kinesis_event(("joyful-hope-911", "49007", PAUSE), ("happy-cloud-999", "49005", PAUSE))
    assert lambda_handler(event, None) == {"batchItemFailures": [{"itemIdentifier": "49005"}]}
    out = capsys.readouterr().out
    assert '"SessionBatches":[2.0]' in out
    assert '"SessionBatchFailures":[2.0]' in out
