"""Unit tests touch nothing: no network, not even loopback."""

from collections.abc import Iterator

import pytest
from pytest_socket import disable_socket, enable_socket

from tests.room import Room


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    # The event loop wakes itself through a pair of unix sockets.
    disable_socket(allow_unix_socket=True)
    yield
    enable_socket()


@pytest.fixture
def room() -> Room:
    return Room()
