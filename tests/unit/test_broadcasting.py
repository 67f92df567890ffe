"""Work on a stack is given up as soon as the stack fails."""

import asyncio

import pytest

from local.broadcasting import unless_failing


class StackFailedError(Exception):
    """What is needed has failed."""


async def for_ever() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise StackFailedError


async def test_work_is_done_while_all_is_well() -> None:
    async def work() -> int:
        return 7

    assert await unless_failing(work(), for_ever()) == 7


async def test_work_is_given_up_when_what_it_needs_fails() -> None:
    given_up = asyncio.Event()

    async def work() -> None:
        try:
            await for_ever()
        finally:
            given_up.set()

    with pytest.raises(StackFailedError):
        await unless_failing(work(), fail())
    assert given_up.is_set()


async def test_the_works_own_failure_is_raised_and_the_watch_ends() -> None:
    ended = asyncio.Event()

    async def watch() -> None:
        try:
            await for_ever()
        finally:
            ended.set()

    with pytest.raises(StackFailedError):
        await unless_failing(fail(), watch())
    assert ended.is_set()
