"""S3: the clips, private and fetched by presigned URLs."""

import io
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from mutagen import MutagenError
from mutagen.mp3 import MP3

from babelcast.adapters.aws_client import CLIENT_CONFIG, call
from babelcast.domain.errors import SynthesisUnavailableError


@cache
def _client() -> Any:
    # Presigned URLs need version 4 signatures. They name the bucket's own host in its region, the one that the pages'
    # content security policy lets through; where the endpoint is an IP address, the path names the bucket.
    addressing = Config(
        signature_version="s3v4", s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}
    )
    return boto3.client("s3", config=CLIENT_CONFIG.merge(addressing))


def _duration_s(mp3: bytes) -> float:
    info: Any = MP3(io.BytesIO(mp3)).info
    return float(info.length)


class S3Clips:
    """`babelcast.ports.Clips`.

    Args:
        bucket_name: The audio bucket.
        url_expiration_s: How long a listener may wait before fetching.
    """

    def __init__(self, bucket_name: str, *, url_expiration_s: int) -> None:
        self._bucket_name = bucket_name
        self._url_expiration_s = url_expiration_s

    async def put(self, key: str, mp3: bytes) -> float:
        """See the port."""
        try:
            duration_s = _duration_s(mp3)
        except MutagenError as error:
            raise SynthesisUnavailableError("what was synthesized is not MP3") from error
        await call(_client().put_object, Bucket=self._bucket_name, Key=key, Body=mp3, ContentType="audio/mpeg")
        return round(duration_s, 3)

    def url(self, key: str) -> str:
        """See the port."""
        return str(
            _client().generate_presigned_url(
                "get_object",
                Params={"Bucket": self._bucket_name, "Key": key},
                ExpiresIn=self._url_expiration_s,
            )
        )
