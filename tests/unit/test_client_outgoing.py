"""Nothing a speaker said is forgotten before the server has it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.client.backoff import Backoff
from local.client.messages import AudioChunk
from local.client.outgoing import OutgoingChunks
from local.client.speaker import CHUNK_SAMPLES, MIN_CHUNK_SAMPLES, split_chunks


def chunk(index: int) -> AudioChunk:
    return AudioChunk(index=index, sample_offset=index * CHUNK_SAMPLES, pcm=b"\x01\x00", captured_at_ms=index * 250)


def filled(count: int, **settings: float) -> OutgoingChunks:
    outgoing = OutgoingChunks(**settings)  # type: ignore[arg-type]
    for index in range(count):
        outgoing.add(chunk(index))
    return outgoing


def indices(chunks: list[AudioChunk]) -> list[int]:
    return [each.index for each in chunks]


def test_new_chunks_are_due_at_once_and_in_order() -> None:
    assert indices(filled(3).due(0.0)) == [0, 1, 2]


def test_a_sent_chunk_is_not_due_until_its_time_out() -> None:
    outgoing = filled(1, ack_timeout_s=5.0)
    outgoing.mark_sent(0, 10.0)
    assert outgoing.due(14.9) == []
    assert outgoing.next_due_at() == 15.0
    assert indices(outgoing.due(15.0)) == [0]


def test_the_time_out_doubles_with_each_attempt_up_to_eightfold() -> None:
    outgoing = filled(1, ack_timeout_s=1.0)
    waits = []
    for _ in range(6):
        outgoing.mark_sent(0, 0.0)
        waits.append(outgoing.next_due_at())
    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert outgoing.resent == 5


def test_an_acknowledgement_counts_for_its_own_chunk_alone() -> None:
    outgoing = filled(3)
    for index in range(3):
        outgoing.mark_sent(index, 0.0)
    assert outgoing.acknowledge(2)
    outgoing.send_all_again()
    assert indices(outgoing.due(0.0)) == [0, 1]


def test_a_second_acknowledgement_is_nothing_new() -> None:
    outgoing = filled(1)
    assert outgoing.acknowledge(0)
    assert not outgoing.acknowledge(0)
    assert len(outgoing) == 0
    assert outgoing.next_due_at() is None


def test_after_a_reconnection_everything_unacknowledged_is_due_in_order() -> None:
    outgoing = filled(5)
    for index in range(5):
        outgoing.mark_sent(index, 0.0)
    outgoing.acknowledge(1)
    assert outgoing.due(0.1) == []
    outgoing.send_all_again()
    assert indices(outgoing.due(0.1)) == [0, 2, 3, 4]


def test_a_refusal_shortens_waits_and_never_lengthens_them() -> None:
    outgoing = filled(2, ack_timeout_s=5.0)
    outgoing.mark_sent(0, 0.0)
    outgoing.send_again_at(1.0)
    assert indices(outgoing.due(1.0)) == [0, 1]
    outgoing.send_again_at(60.0)
    assert indices(outgoing.due(1.0)) == [0, 1]


def test_no_more_chunks_are_on_their_way_than_the_window_allows() -> None:
    outgoing = filled(10, window=4)
    for each in outgoing.due(0.0):
        outgoing.mark_sent(each.index, 0.0)
    assert outgoing.due(0.1) == []
    outgoing.acknowledge(0)
    assert indices(outgoing.due(0.1)) == [4]


def test_nothing_overtakes_a_refused_chunk_by_more_than_the_window() -> None:
    outgoing = filled(20, window=4)
    for each in outgoing.due(0.0):
        outgoing.mark_sent(each.index, 0.0)
    for index in (1, 2, 3):
        outgoing.acknowledge(index)
    assert outgoing.due(0.1) == []
    outgoing.send_again_at(0.5)
    assert indices(outgoing.due(0.5)) == [0]
    outgoing.acknowledge(0)
    assert indices(outgoing.due(0.5)) == [4, 5, 6, 7]


def test_nothing_is_sent_for_a_while_when_it_was_too_fast_and_nothing_is_lost() -> None:
    outgoing = filled(3)
    for index in range(3):
        outgoing.mark_sent(index, 0.0)
    outgoing.acknowledge(1)
    outgoing.hold_until(0.8)
    outgoing.add(chunk(3))
    assert outgoing.due(0.7) == []
    assert outgoing.next_due_at() == 0.8
    assert indices(outgoing.due(0.8)) == [0, 2, 3]
    outgoing.send_all_again()
    assert indices(outgoing.due(0.1)) == [0, 2, 3]


def test_at_least_thirty_seconds_are_kept_and_the_oldest_are_given_up_beyond_the_capacity() -> None:
    outgoing = filled(30 * 4)
    assert len(outgoing) == 120
    assert outgoing.given_up == 0
    small = filled(5, capacity=3)
    assert indices(small.due(0.0)) == [2, 3, 4]
    assert small.given_up == 2


@given(st.lists(st.sampled_from(["send", "ack", "reconnect", "refuse", "wait"]), max_size=60), st.randoms())
def test_every_chunk_is_acknowledged_in_the_end_whatever_happens(events: list[str], chance: random.Random) -> None:
    outgoing = filled(12, window=5, ack_timeout_s=1.0)
    now = 0.0
    on_their_way: list[int] = []
    safe: set[int] = set()
    for event in [*events, *(["wait", "send", "ack"] * 200)]:
        match event:
            case "send":
                for each in outgoing.due(now):
                    outgoing.mark_sent(each.index, now)
                    on_their_way.append(each.index)
            case "ack" if on_their_way:
                index = on_their_way.pop(chance.randrange(len(on_their_way)))
                outgoing.acknowledge(index)
                safe.add(index)
            case "reconnect":
                on_their_way.clear()
                outgoing.send_all_again()
            case "refuse":
                outgoing.send_again_at(now + 0.5)
            case _:
                now += 1.0
    assert safe == set(range(12))
    assert len(outgoing) == 0


@given(st.integers(MIN_CHUNK_SAMPLES, 5 * CHUNK_SAMPLES + MIN_CHUNK_SAMPLES))
def test_chunks_are_exactly_the_audio_and_none_is_too_short_or_too_long(sample_count: int) -> None:
    pcm = bytes(index % 251 for index in range(2 * sample_count))
    chunks = split_chunks(pcm)
    assert b"".join(chunks) == pcm
    assert all(2 * MIN_CHUNK_SAMPLES <= len(each) <= 2 * 8_000 for each in chunks)
    assert all(len(each) == 2 * CHUNK_SAMPLES for each in chunks[:-1])


@pytest.mark.parametrize("pcm", [b"", b"\x00" * 3, b"\x00" * (2 * MIN_CHUNK_SAMPLES - 2)])
def test_less_than_a_message_of_audio_is_refused(pcm: bytes) -> None:
    with pytest.raises(ValueError, match="at least 20 ms"):
        split_chunks(pcm)


@given(st.integers(1, 100), st.randoms())
def test_backoff_stays_between_its_floor_and_its_ceiling(attempt: int, chance: random.Random) -> None:
    backoff = Backoff(floor_s=0.5, ceiling_s=8.0)
    assert 0.5 <= backoff.delay_s(attempt, chance) <= min(8.0, 0.5 * 1.5**attempt)
