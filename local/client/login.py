"""A speaker's login with Cognito: e-mail and password in, access tokens out."""

import asyncio
import base64
import json
import time
from typing import Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.client.errors import LoginFailedError, UnreachableError
from local.endpoints import Endpoints

_RENEW_BEFORE_EXPIRY_S: Final = 120
_REFUSALS: Final = frozenset({"NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException"})


class SpeakerLogin:
    """Gives access tokens that stay valid for at least two more minutes, logging in again when they do not."""

    def __init__(self, endpoints: Endpoints, *, email: str | None = None, password: str | None = None) -> None:
        """Prepare; nothing is sent before the first token is asked for.

        Args:
            endpoints: The stage.
            email, password: The account; the stage's demo account when left out.

        Raises:
            LoginFailedError: No account is given and the stage has no demo account.
        """
        account = email or endpoints.speaker_email
        secret = password or endpoints.speaker_password
        if account is None or secret is None:
            raise LoginFailedError(f"stage {endpoints.stage} has no demo account: give an e-mail and a password")
        self._endpoints = endpoints
        self._email: str = account
        self._password: str = secret
        self._token: str | None = None
        self._expires_at = 0.0

    async def access_token(self) -> str:
        """A valid access token.

        Raises:
            LoginFailedError: Cognito refuses the account, or wants more than a password.
            UnreachableError: Cognito does not answer.
        """
        if self._token is None or time.time() > self._expires_at - _RENEW_BEFORE_EXPIRY_S:
            self._token = await asyncio.to_thread(self._log_in)
            self._expires_at = _expiry(self._token)
        return self._token

    def _log_in(self) -> str:
        cognito = boto3.client(
            "cognito-idp",
            region_name=self._endpoints.region,
            endpoint_url=self._endpoints.aws_endpoint_url,
            config=Config(signature_version=UNSIGNED, connect_timeout=5, read_timeout=15, retries={"max_attempts": 2}),
        )
        try:
            answer = cognito.initiate_auth(
                AuthFlow="USER_PASSWORD_AUTH",
                ClientId=self._endpoints.user_pool_client_id,
                AuthParameters={"USERNAME": self._email, "PASSWORD": self._password},
            )
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _REFUSALS:
                raise LoginFailedError("Cognito does not accept this e-mail and password") from None
            raise LoginFailedError(f"Cognito refused the login: {code}") from None
        except BotoCoreError:
            raise UnreachableError("Cognito does not answer") from None
        if "AuthenticationResult" not in answer:
            raise LoginFailedError(f"Cognito wants more than a password: {answer.get('ChallengeName', 'a challenge')}")
        return answer["AuthenticationResult"]["AccessToken"]


def _expiry(token: str) -> float:
    """When a token expires, epoch seconds; read without checking the signature, which is the server's to check."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return float(claims["exp"])
