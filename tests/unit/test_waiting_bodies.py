"""The bodies of the recogniser's requests, read in turn by one thread as the HTTP library reads them."""

from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from babelcast.adapters.transcribe import _Arrivals, _WaitingByteStream

NOTHING = "nothing"
PATIENCE_S = 20.0


class Reader:
    """The library's thread: each read ends before the next one begins."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)

    def read(self, body: _WaitingByteStream) -> "Future[bytes | str]":
        return self._thread.submit(self._read, body)

    def _read(self, body: _WaitingByteStream) -> bytes | str:
        try:
            return body.read() or b""
        except BlockingIOError:
            return NOTHING


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A wait that nobody ends outlasts every test; streams that other tests have left open do not take part."""
    monkeypatch.setattr("babelcast.adapters.transcribe._IDLE_READ_S", 600.0)
    monkeypatch.setattr("babelcast.adapters.transcribe._ARRIVALS", _Arrivals())
    return Reader()


def assert_waits(reading: "Future[bytes | str]") -> None:
    with pytest.raises(TimeoutError):
        reading.result(0.05)


def new_bodies(reader: Reader, count: int) -> list[_WaitingByteStream]:
    """Bodies that have been asked once, which no new body waits for."""
    bodies = [_WaitingByteStream() for _ in range(count)]
    assert [reader.read(each).result(PATIENCE_S) for each in bodies] == [NOTHING] * count
    return bodies


def test_what_is_written_to_any_body_ends_the_wait_of_the_round(reader: Reader) -> None:
    bodies = new_bodies(reader, 3)
    for words in (b"river", b"stone"):
        waiting, *others = [reader.read(each) for each in bodies]
        assert_waits(waiting)
        bodies[-1].write(words)

        assert waiting.result(PATIENCE_S) == NOTHING
        assert [each.result(PATIENCE_S) for each in others] == [NOTHING, words]


def test_when_the_body_that_waited_is_gone_another_one_waits(reader: Reader) -> None:
    gone, left = new_bodies(reader, 2)
    round_of_both = [reader.read(each) for each in (gone, left)]
    gone.close()
    assert [each.result(PATIENCE_S) for each in round_of_both] == [b"", NOTHING]

    waiting = reader.read(left)
    assert_waits(waiting)
    left.write(b"river")

    assert waiting.result(PATIENCE_S) == b"river"


def test_a_body_that_ends_is_read_to_its_end(reader: Reader) -> None:
    (body,) = new_bodies(reader, 1)
    waiting = reader.read(body)
    body.write(b"river")
    body.end_stream()
    assert [waiting.result(PATIENCE_S), *(reader.read(body).result(PATIENCE_S) for _ in range(2))] == [
        b"river",
        b"",
        b"",
    ]
