"""A service that hangs holds up its own callers alone."""

import asyncio
from threading import Event

from babelcast.adapters.aws_client import CONCURRENT_CALLS, in_thread


async def test_what_hangs_takes_no_thread_from_another_service() -> None:
    let_go = Event()
    hanging = [
        asyncio.ensure_future(in_thread(lambda: let_go.wait(30), service="polly")) for _ in range(2 * CONCURRENT_CALLS)
    ]
    await asyncio.sleep(0)  # each of them has asked
    try:
        async with asyncio.timeout(2):
            assert await in_thread(lambda: "stored", service="dynamodb") == "stored"
        assert not any(each.done() for each in hanging)
    finally:
        let_go.set()
        await asyncio.gather(*hanging)
