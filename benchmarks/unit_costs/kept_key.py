"""AWS's signature, version 4, without what is the same for many posts."""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit


class KeptKey:
    """Signs posts; the day's key is derived once, and a message hashed once.

    Source: the IAM user guide, "Create a signed AWS API request".
    """

    def __init__(self, credentials: Any, service: str, region: str) -> None:
        self._credentials = credentials
        self._scope = f"{region}/{service}/aws4_request"
        self._key = lru_cache(maxsize=2)(self._derived)

    def sign(self, url: str, message: bytes) -> Mapping[str, str]:
        """The headers that are added."""
        address = urlsplit(url)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{now[:8]}/{self._scope}"
        token = self._credentials.token
        signed = "host;x-amz-date;x-amz-security-token" if token else "host;x-amz-date"
        secured = f"x-amz-security-token:{token}\n" if token else ""
        request = (
            f"POST\n{quote(address.path, safe='/~')}\n\nhost:{address.netloc}\nx-amz-date:{now}\n{secured}\n"
            f"{signed}\n{_hashed(message)}"
        )
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(self._key(now[:8]), text.encode(), "sha256").hex()
        headers = {
            "X-Amz-Date": now,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self._credentials.access_key}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}",
        }
        return {**headers, "X-Amz-Security-Token": token} if token else headers

    def _derived(self, day: str) -> bytes:
        key = f"AWS4{self._credentials.secret_key}".encode()
        for part in (day, *self._scope.split("/")):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


@lru_cache(maxsize=8)
def _hashed(message: bytes) -> str:
    return sha256(message).hexdigest()
