"""Hurts a running stack on purpose.

```
async with FaultInjector(stack) as faults:
    await faults.kill_environments("audio_processor")
    await faults.fail_reads(5)
```

A call returns when the fault is armed, not when it has come about.
"""

from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import aiohttp

from local.stack import Stack


class FaultInjector:
    """Calls the control APIs of a running stack. An async context manager.

    Functions are named by the beginning of their names, because several cells have a function of a kind each.

    Raises:
        aiohttp.ClientError: From every method, when a process refuses a fault or cannot be reached.
    """

    _session: aiohttp.ClientSession

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    async def __aenter__(self) -> "FaultInjector":
        self._session = aiohttp.ClientSession(raise_for_status=True)
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def kill_environments(self, function: str) -> int:
        """Kill every execution environment (SIGKILL), whatever it is doing; how many there were.

        Args:
            function: The function's name begins with this.
        """
        killed = 0
        for environment in await self._get(f"{self._stack.lambda_url}/environments"):
            if not environment["function"].startswith(function):
                continue
            try:
                await self._send("DELETE", f"{self._stack.lambda_url}/environments/{environment['id']}")
            except aiohttp.ClientResponseError as error:
                if error.status != 404:  # it has ended by itself meanwhile
                    raise
            else:
                killed += 1
        return killed

    async def rest_environment(self, function: str, *, invocations: int) -> None:
        """Let the environment that was used last stay frozen, alive and warm while others serve the next invocations.

        When it is being used, it rests from the end of that invocation on. Afterwards it is used first again.

        Args:
            function: The function's name begins with this; of several functions, one environment of each rests.
            invocations: How many others serve; a new environment is started if need be. At least 1.

        Raises:
            LookupError: There is no such function.
        """
        names = [name for name in await self._get(f"{self._stack.lambda_url}/functions") if name.startswith(function)]
        if not names:
            raise LookupError(f"no function's name begins with {function}")
        for name in names:
            url = f"{self._stack.lambda_url}/functions/{quote(name, safe='')}/rest"
            await self._send("POST", url, {"invocations": invocations})

    async def break_recognisers(self, *, times: int = 1) -> None:
        """Reset an open Transcribe stream when its next audio arrives.

        Args:
            times: So many streams; the same one, opened again, counts anew.
        """
        fault = {"service": "transcribe", "kind": "break", "times": times}
        await self._send("POST", f"{self._stack.services_control_url}/faults", fault)

    async def deliver_twice(self, *, times: int = 1) -> None:
        """Deliver a batch that has been delivered successfully once more, as Lambda may, before the next one.

        Args:
            times: So many batches, of whichever event source mapping; each of them once more.
        """
        fault = {"kind": "deliver_twice", "times": times}
        await self._send("POST", f"{self._stack.event_source_control_url}/faults", fault)

    async def fail_reads(self, seconds: float) -> None:
        """Let Kinesis refuse GetRecords to the event source and the functions with an internal failure (status 500).

        Args:
            seconds: For so long, up to 600.
        """
        fault = {"operation": "GetRecords", "seconds": seconds}
        await self._send("POST", f"{self._stack.aws_control_url}/faults", fault)

    async def streams_opened(self) -> int:
        """How many streams Transcribe has opened since the stack was started."""
        counters = await self._get(f"{self._stack.services_control_url}/counters")
        return int(counters["transcribe"].get("opened", 0))

    async def _get(self, url: str) -> Any:
        async with self._session.get(url) as response:
            return await response.json()

    async def _send(self, method: str, url: str, body: Mapping[str, object] | None = None) -> None:
        async with self._session.request(method, url, json=body):
            pass
