"""Whatever lies in the audio stream is a record or set aside; the order of the others stays."""

from base64 import b64encode
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from babelcast.domain.errors import BabelcastError
from babelcast.domain.stream_record import Payload
from babelcast.protocol.audio_record import decode_record, encode_record
from babelcast.protocol.kinesis_event import batch_response, read_batch
from tests.contracts.examples import RECORDS
from tests.fuzz.answers import check_error
from tests.fuzz.campaign import fuzz
from tests.fuzz.mutations import ODD_TEXTS


@st.composite
def damaged_records(draw: st.DrawFn) -> bytes:
    """A record with changed, missing or additional bytes, most often in its header."""
    data = bytearray(encode_record(draw(st.sampled_from(list(RECORDS.values())))))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, 23) | st.integers(0, len(data) - 1))
        data[place] = draw(st.sampled_from((0, 1, 4, 5, 0x7F, 0x80, 0xFF)) | st.integers(0, 255))
    length = draw(st.just(len(data)) | st.integers(0, len(data)))
    return bytes(data[:length]) + draw(st.just(b"") | st.binary(max_size=3) | st.just(bytes(16_000)))


def understood(data: bytes) -> Payload | None:
    try:
        payload = decode_record(data)
    except BabelcastError as error:
        check_error(error)
        return None
    assert encode_record(payload) == data, "a record that is read says all that is in it"
    return payload


@fuzz(cases=1_500)
@given(damaged_records())
@example(bytes.fromhex("4243010101000000" + "00" * 16))
def test_a_damaged_record_is_understood_whole_or_refused(data: bytes) -> None:
    understood(data)


@fuzz(cases=800)
@given(
    st.lists(
        st.tuples(
            damaged_records().map(lambda data: b64encode(data).decode()) | st.text() | st.sampled_from(ODD_TEXTS),
            st.integers(1, 2**128),
            st.floats(0, 1e12),
        ),
        max_size=6,
        unique_by=lambda each: each[1],
    )
)
@example([("AAAA", 10**60, 1_795_000_000.1), ("é", 1, 0.0)])
def test_a_batch_sets_aside_what_cannot_be_read_and_keeps_the_rest_in_order(each: list[tuple[str, int, float]]) -> None:
    def record(data: str, number: int, arrived: float) -> dict[str, Any]:
        return {
            "kinesis": {
                "partitionKey": "joyful-hope-911",
                "sequenceNumber": str(number),
                "data": data,
                "approximateArrivalTimestamp": arrived,
            }
        }

    records, bad = read_batch({"Records": [record(*one) for one in each]})
    numbers = [str(number) for _, number, _ in each]
    read = [one.sequence_number for one in records]
    assert sorted([*read, *bad]) == sorted(numbers)
    assert read == [number for number in numbers if number in set(read)]
    answer = batch_response(bad)["batchItemFailures"]
    assert [int(one["itemIdentifier"]) for one in answer] == ([min(map(int, bad))] if bad else [])
