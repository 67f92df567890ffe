"""Invokes functions as API Gateway does: synchronously, with a time limit."""

import asyncio
import json
from typing import Any

import aiohttp


class IntegrationError(Exception):
    """The function failed, was throttled or could not be reached.

    Attributes:
        error_message: The function's own `errorMessage`, if it gave one.
    """

    def __init__(self, reason: str, *, error_message: str | None = None) -> None:
        super().__init__(reason)
        self.error_message = error_message


class IntegrationTimeoutError(IntegrationError):
    """The function took longer than API Gateway waits."""


class FunctionInvoker:
    """A client of Lambda's Invoke API."""

    def __init__(self, session: aiohttp.ClientSession, lambda_url: str) -> None:
        self._session = session
        self._lambda_url = lambda_url

    async def invoke(self, function: str, event: object, *, within_seconds: float) -> Any:
        """The function's answer to an event.

        Raises:
            IntegrationTimeoutError: It took too long.
            IntegrationError: It failed in any other way.
        """
        url = f"{self._lambda_url}/2015-03-31/functions/{function}/invocations"
        try:
            async with (
                asyncio.timeout(within_seconds),
                self._session.post(url, data=json.dumps(event).encode()) as response,
            ):
                payload = await response.read()
        except TimeoutError:
            raise IntegrationTimeoutError(f"{function} took longer than {within_seconds:g} s") from None
        except aiohttp.ClientError as error:
            raise IntegrationError(f"{function} cannot be reached: {type(error).__name__}") from error
        if response.status != 200:
            error_type = response.headers.get("x-amzn-ErrorType", "")
            raise IntegrationError(f"{function} was not invoked: {response.status} {error_type}")
        answer = json.loads(payload) if payload else None
        if "X-Amz-Function-Error" in response.headers:
            details = answer if isinstance(answer, dict) else {}
            raise IntegrationError(
                f"{function} failed with {details.get('errorType')}", error_message=details.get("errorMessage")
            )
        return answer
