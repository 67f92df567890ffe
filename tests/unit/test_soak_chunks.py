"""Chunks that are doubled and held back: all of them are sent, none is so late that the processor gives it up."""

import random

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.soak.chunks import UnrulyChunks
from local.client.messages import AudioChunk
from local.client.outgoing import OutgoingChunks

CHUNK_S = 0.25
COUNT = 400


def chunk(index: int) -> AudioChunk:
    return AudioChunk(index=index, sample_offset=index * 4000, pcm=b"\x01\x00", captured_at_ms=0)


def spoken(outgoing: OutgoingChunks, count: int = COUNT) -> list[tuple[float, int]]:
    """When each chunk is sent, if one is captured every quarter of a second and acknowledged at once."""
    sent: list[tuple[float, int]] = []
    for index in range(count):
        now = index * CHUNK_S
        sent += sent_until(outgoing, now)
        outgoing.add(chunk(index))
        sent += send(outgoing, now)
    return sent + sent_until(outgoing, count * CHUNK_S + 60)


def sent_until(outgoing: OutgoingChunks, until: float) -> list[tuple[float, int]]:
    sent = []
    while (due_at := outgoing.next_due_at()) is not None and due_at <= until:
        sent += send(outgoing, due_at)
    return sent


def send(outgoing: OutgoingChunks, now: float) -> list[tuple[float, int]]:
    due = outgoing.due(now)
    for each in due:
        outgoing.mark_sent(each.index, now)
        outgoing.acknowledge(each.index)
    return [(now, each.index) for each in due]


def test_without_shares_chunks_are_sent_as_ever() -> None:
    outgoing = UnrulyChunks(random.Random(1), held_share=0.0, doubled_share=0.0)
    assert spoken(outgoing) == [(index * CHUNK_S, index) for index in range(COUNT)]
    assert (outgoing.doubled, outgoing.reordered, outgoing.resent) == (0, 0, 0)


@given(st.integers())
def test_every_chunk_is_sent_before_the_processor_gives_it_up(seed: int) -> None:
    outgoing = UnrulyChunks(random.Random(seed), held_share=0.3, doubled_share=0.3)
    sent = spoken(outgoing, 60)
    firsts = {index: at for at, index in reversed(sent)}
    assert set(firsts) == set(range(60))
    assert all(at - index * CHUNK_S <= 5.5 + 1e-9 for index, at in firsts.items())
    assert all(at - firsts[index] <= 0.7 + 1e-9 for at, index in sent)
    assert len(outgoing) == 0


def test_what_was_doubled_and_reordered_is_counted() -> None:
    outgoing = UnrulyChunks(random.Random(1), held_share=0.1, doubled_share=0.1)
    order = [index for _, index in spoken(outgoing)]
    assert outgoing.doubled == len(order) - COUNT
    assert 20 < outgoing.doubled < 80
    firsts = list(dict.fromkeys(order))
    assert outgoing.reordered == sum(index < max(firsts[:place], default=-1) for place, index in enumerate(firsts))
    assert 20 < outgoing.reordered < 80
    assert outgoing.resent == 0


def test_the_same_seed_hits_the_same_chunks() -> None:
    one, other = (spoken(UnrulyChunks(random.Random(5))) for _ in range(2))
    assert one == other
    assert one != spoken(UnrulyChunks(random.Random(6)))


def test_a_held_chunk_is_sent_after_its_successors() -> None:
    outgoing = UnrulyChunks(random.Random(1), held_share=1.0, doubled_share=0.0)
    outgoing.add(chunk(0))
    assert outgoing.due(0.0) == []
    assert 0.3 <= (outgoing.next_due_at() or 0.0) <= 0.9
    assert [each.index for each in outgoing.due(1.0)] == [0]


def test_a_doubled_chunk_is_waited_for_after_its_acknowledgement() -> None:
    outgoing = UnrulyChunks(random.Random(1), held_share=0.0, doubled_share=1.0)
    outgoing.add(chunk(0))
    send(outgoing, 0.0)
    assert len(outgoing) == 1
    send(outgoing, 1.0)
    assert len(outgoing) == 0
    assert outgoing.next_due_at() is None


def test_a_new_connection_sends_held_chunks_at_once() -> None:
    outgoing = UnrulyChunks(random.Random(1), held_share=1.0, doubled_share=0.0)
    outgoing.add(chunk(0))
    outgoing.due(0.0)
    outgoing.send_all_again()
    assert [each.index for each in outgoing.due(0.1)] == [0]
