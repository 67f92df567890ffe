"""A listener hears each segment once and asks for what is missing."""

from hypothesis import given
from hypothesis import strategies as st

from local.client.inbox import Arrival, SegmentInbox


def joined(first: int = 0) -> SegmentInbox:
    inbox = SegmentInbox(overtaken_patience_s=1.0, caption_patience_s=10.0, asks=3)
    inbox.begin(first)
    return inbox


def test_a_number_is_accepted_once() -> None:
    inbox = joined()
    assert inbox.accept(0, 0.0) is Arrival.NEW
    assert inbox.accept(0, 0.1) is Arrival.DUPLICATE
    assert inbox.redelivered == 1


def test_what_was_said_before_joining_is_not_heard() -> None:
    inbox = joined(first=5)
    assert inbox.accept(4, 0.0) is Arrival.BEFORE_JOINING
    assert inbox.last_contiguous == 4
    assert inbox.redelivered == 0


def test_joining_again_does_not_move_the_beginning() -> None:
    inbox = joined(first=2)
    inbox.accept(2, 0.0)
    inbox.begin(9)
    assert inbox.first_number == 2
    assert inbox.last_contiguous == 2


def test_segments_may_overtake_each_other_for_a_moment() -> None:
    inbox = joined()
    inbox.accept(1, 0.0)
    assert inbox.holes == [0]
    assert inbox.resume_after(0.9) is None
    inbox.accept(0, 0.95)
    assert inbox.holes == []
    assert inbox.resume_after(5.0) is None
    assert inbox.last_contiguous == 1


def test_a_hole_is_asked_for_with_the_number_before_it() -> None:
    inbox = joined()
    inbox.accept(0, 0.0)
    inbox.accept(3, 0.0)
    assert inbox.holes == [1, 2]
    assert inbox.next_ask_at() == 1.0
    assert inbox.resume_after(1.0) == 0


def test_a_hole_is_asked_for_again_ever_more_rarely_and_not_for_ever() -> None:
    inbox = joined()
    inbox.accept(1, 0.0)
    asked_at = [tenth / 10 for tenth in range(1000) if inbox.resume_after(tenth / 10) is not None]
    assert asked_at == [1.0, 2.0, 4.0]
    assert inbox.next_ask_at() is None
    assert inbox.holes == [0]


def test_the_first_segment_of_all_can_be_asked_for() -> None:
    inbox = joined()
    inbox.accept(1, 0.0)
    assert inbox.resume_after(1.0) == -1


def test_a_caption_without_its_translation_is_a_hole_after_a_while() -> None:
    inbox = joined()
    inbox.announce(0, 0.0)
    assert inbox.resume_after(9.9) is None
    assert inbox.resume_after(10.0) == -1


def test_a_later_segment_makes_a_captioned_hole_more_urgent() -> None:
    inbox = joined()
    inbox.announce(0, 0.0)
    inbox.accept(1, 2.0)
    assert inbox.next_ask_at() == 3.0


def test_what_is_left_out_is_waited_for_no_longer() -> None:
    inbox = SegmentInbox()
    inbox.begin(0)
    for number in (0, 3, 1_000):
        inbox.accept(number, 0.0)
    assert inbox.leave_out(1, 800) == [1, 2, *range(4, 801)]
    assert inbox.leave_out(1, 800) == []
    assert inbox.last_contiguous == 800
    assert inbox.resume_after(2.0) == 800
    assert inbox.accept(2, 3.0) is Arrival.DUPLICATE


def test_a_caption_of_a_segment_that_came_already_is_no_hole() -> None:
    inbox = joined()
    inbox.accept(0, 0.0)
    inbox.announce(0, 0.5)
    assert inbox.holes == []


@given(st.lists(st.integers(0, 30), max_size=120))
def test_each_number_is_new_exactly_once_and_holes_are_what_is_missing(numbers: list[int]) -> None:
    inbox = joined()
    new = [number for number in numbers if inbox.accept(number, 0.0) is Arrival.NEW]
    assert sorted(new) == sorted(set(numbers))
    assert inbox.redelivered == len(numbers) - len(new)
    assert inbox.holes == [number for number in range(max(numbers, default=0)) if number not in new]
