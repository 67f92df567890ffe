"""Hurts a running stack on purpose.

```
async with FaultInjector(stack) as faults:
    await faults.kill_environments("audio_processor")
    await faults.fail_reads(5)
```

A call returns when the fault is armed, not when it has come about.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

import aiohttp

from local.aws_server.behaviour import Refusal
from local.event_source.control import DELIVERED_TWICE
from local.services.behaviour import Service
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
        for environment in await self.environments(function):
            try:
                await self._send("DELETE", f"{self._stack.lambda_url}/environments/{environment['id']}")
            except aiohttp.ClientResponseError as error:
                if error.status != 404:  # it has ended by itself meanwhile
                    raise
            else:
                killed += 1
        return killed

    async def environments(self, function: str) -> list[dict[str, Any]]:
        """The execution environments that there are now, as Lambda's control API lists them.

        Args:
            function: The function's name begins with this.
        """
        listed = await self._get(f"{self._stack.lambda_url}/environments")
        return [each for each in listed if each["function"].startswith(function)]

    async def start_environment(self, function: str) -> None:
        """Start one more execution environment, ahead of any invocation.

        Args:
            function: The function's name begins with this; of several functions, each gets one.

        Raises:
            LookupError: There is no such function.
        """
        for name in await self._functions(function):
            await self._send("POST", f"{self._stack.lambda_url}/functions/{quote(name, safe='')}/environments")

    async def rest_environment(self, function: str, *, invocations: int) -> None:
        """Let the environment that was used last stay frozen, alive and warm while others serve the next invocations.

        When it is being used, it rests from the end of that invocation on. Afterwards it is used first again.

        Args:
            function: The function's name begins with this; of several functions, one environment of each rests.
            invocations: How many others serve; a new environment is started if need be. At least 1.

        Raises:
            LookupError: There is no such function.
        """
        for name in await self._functions(function):
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
        await self.fail_store("GetRecords", seconds)

    async def fail_store(self, operation: str, seconds: float, *, kind: Refusal = Refusal.FAIL) -> None:
        """Let a data store refuse an operation to everybody.

        Args:
            operation: ``PutRecord``, ``PutObject`` and the like; ``DynamoDB`` and ``Kinesis`` for all of theirs.
            seconds: For so long, up to 600.
            kind: How.
        """
        fault = {"operation": operation, "kind": kind, "seconds": seconds}
        await self._send("POST", f"{self._stack.aws_control_url}/faults", fault)

    async def throttle_service(self, service: Service, seconds: float) -> None:
        """Let Transcribe (new streams), Translate or Polly refuse every request as one too many.

        Args:
            service: Which.
            seconds: For so long, up to 600.
        """
        fault = {"service": service, "kind": "throttle", "seconds": seconds}
        await self._send("POST", f"{self._stack.services_control_url}/faults", fault)

    async def throttle_connections(self, seconds: float) -> None:
        """Let `@connections` refuse every message to a client as one too many (status 429).

        Args:
            seconds: For so long, up to 600.
        """
        fault = {"kind": "throttle_connections", "seconds": seconds}
        await self._send("POST", f"{self._stack.gateway_control_url}/faults", fault)

    async def hang_connections(self, seconds: float, **query: str) -> None:
        """Let messages to some clients neither be answered nor sent on before the fault is over.

        Args:
            seconds: For so long, up to 600.
            query: Those who connected with this: ``sessionId``, ``role``, ``targetLanguage``.
        """
        fault = {"kind": "hang_connections", "seconds": seconds, "query": query}
        await self._send("POST", f"{self._stack.gateway_control_url}/faults", fault)

    async def streams_opened(self) -> int:
        """How many streams Transcribe has opened since the stack was started."""
        return await self._streams("opened")

    async def streams_failed(self) -> int:
        """How many streams Transcribe has refused or broken on purpose since its process was started."""
        return await self._streams("failures")

    async def streams_open(self) -> int:
        """How many streams are open at Transcribe now."""
        return await self._streams("open")

    async def batches_delivered_twice(self) -> int:
        """How many batches the event source has delivered once more on purpose since the stack was started."""
        log = await asyncio.to_thread((self._stack.logs_dir / "event_source.log").read_text)
        return log.count(DELIVERED_TWICE)

    async def _streams(self, counter: str) -> int:
        counters = await self._get(f"{self._stack.services_control_url}/counters")
        return int(counters["transcribe"].get(counter, 0))

    async def _functions(self, beginning: str) -> list[str]:
        names = [name for name in await self._get(f"{self._stack.lambda_url}/functions") if name.startswith(beginning)]
        if not names:
            raise LookupError(f"no function's name begins with {beginning}")
        return names

    async def _get(self, url: str) -> Any:
        async with self._session.get(url) as response:
            return await response.json()

    async def _send(self, method: str, url: str, body: Mapping[str, object] | None = None) -> None:
        async with self._session.request(method, url, json=body):
            pass
