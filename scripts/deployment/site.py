"""The apps on S3 behind CloudFront: upload what has changed, in an order that never breaks an open page.

Files below ``assets/`` carry a hash of their content in their names: they are kept for ever, and stay where they are
when a new build no longer has them, because a page that was opened before may still load them. Everything else is
asked for anew each time. ``index.html`` comes last, when all that it names is there.
"""

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from scripts.deployment.errors import DeploymentError
from scripts.deployment.outputs import AppOutputs, StageOutputs
from scripts.deployment.stage import Stage

ASSETS: Final = "assets/"
IMMUTABLE: Final = "public, max-age=31536000, immutable"
REVALIDATED: Final = "no-cache"

CONTENT_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mp3": "audio/mpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""A table of our own: Python's depends on the machine, and browsers refuse modules of a wrong type."""

_DIGEST: Final = "sha256"
_MAX_PER_DELETION: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteFile:
    """One object of an app's bucket."""

    key: str
    content: bytes
    content_type: str

    @property
    def cache_control(self) -> str:
        """How long browsers and CloudFront may keep it."""
        return IMMUTABLE if self.key.startswith(ASSETS) else REVALIDATED

    @property
    def digest(self) -> str:
        """Of the content and of how it is served."""
        return hashlib.sha256(
            "\n".join((self.content_type, self.cache_control, "")).encode() + self.content
        ).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePublication:
    """What publishing has done.

    Attributes:
        uploaded: Keys of new and changed objects, in the order in which they were uploaded.
        invalidated: CloudFront was told to forget what it has.
    """

    uploaded: tuple[str, ...]
    invalidated: bool


def app_config(outputs: StageOutputs, *, stage: Stage, region: str) -> SiteFile:
    """``config.json``, by which an app finds its stage."""
    config = {
        "stage": stage.name,
        "region": region,
        "httpApiUrl": outputs.http_api_url,
        "webSocketUrl": outputs.web_socket_url,
        "userPoolId": outputs.user_pool_id,
        "userPoolClientId": outputs.user_pool_client_id,
        "awsEndpointUrl": None,
        "listenerUrl": stage.settings.listener_url or outputs.listener.url,
    }
    content = json.dumps(config, indent=2).encode() + b"\n"
    return SiteFile(key="config.json", content=content, content_type=CONTENT_TYPES[".json"])


def site_files(build: Path, config: SiteFile) -> list[SiteFile]:
    """An app's files in the order of their upload.

    Raises:
        DeploymentError: There is no build, or a file whose type is not known.
    """
    if not (build / "index.html").is_file():
        raise DeploymentError(f"{build} holds no app: `make frontend` builds it")
    files = [config]
    for path in sorted(each for each in build.rglob("*") if each.is_file()):
        key = path.relative_to(build).as_posix()
        if path.suffix not in CONTENT_TYPES:
            raise DeploymentError(f"{path}: no content type for {path.suffix!r} in scripts/deployment/site.py")
        if key != config.key:
            files.append(SiteFile(key=key, content=path.read_bytes(), content_type=CONTENT_TYPES[path.suffix]))
    return sorted(files, key=lambda file: (not file.key.startswith(ASSETS), file.key == "index.html"))


def publish(files: list[SiteFile], app: AppOutputs, *, s3: Any, cloudfront: Any) -> SitePublication:
    """Upload what is new or different, and make CloudFront forget older answers."""
    uploaded = tuple(file.key for file in files if _put_if_changed(s3, app.bucket, file))
    remembered = [file.key for file in files if not file.key.startswith(ASSETS)]
    is_stale = not set(remembered).isdisjoint(uploaded) or _invalidated_at(cloudfront, app.distribution_id) < max(
        _modified_at(s3, app.bucket, key) for key in remembered
    )
    if is_stale:
        _invalidate(cloudfront, app.distribution_id)
    return SitePublication(uploaded=uploaded, invalidated=is_stale)


def empty_bucket(s3: Any, bucket: str) -> None:
    """Delete every version of every object; CloudFormation deletes empty buckets only. A missing bucket is empty."""
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, MaxKeys=_MAX_PER_DELETION):
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            if objects:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise


def _put_if_changed(s3: Any, bucket: str, file: SiteFile) -> bool:
    try:
        stored: dict[str, str] = s3.head_object(Bucket=bucket, Key=file.key)["Metadata"]
    except ClientError as error:
        # HEAD has no body, so a missing object is a bare status; without s3:ListBucket it is 403.
        if error.response["Error"]["Code"] not in {"404", "NoSuchKey"}:
            raise
        stored = {}
    if stored.get(_DIGEST) == file.digest:
        return False
    s3.put_object(
        Bucket=bucket,
        Key=file.key,
        Body=file.content,
        ContentType=file.content_type,
        CacheControl=file.cache_control,
        Metadata={_DIGEST: file.digest},
    )
    return True


def _modified_at(s3: Any, bucket: str, key: str) -> datetime:
    modified: datetime = s3.head_object(Bucket=bucket, Key=key)["LastModified"]
    return modified


def _invalidated_at(cloudfront: Any, distribution_id: str) -> datetime:
    """When CloudFront was last told to forget; it knows that itself, so a deployment that stopped just before telling
    it is made good by the next."""
    listed = cloudfront.list_invalidations(DistributionId=distribution_id)["InvalidationList"].get("Items") or []
    return max((each["CreateTime"] for each in listed), default=datetime.min.replace(tzinfo=UTC))


def _invalidate(cloudfront: Any, distribution_id: str) -> None:
    """Forget every answer, which counts as one path."""
    cloudfront.create_invalidation(
        DistributionId=distribution_id,
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": f"deploy-{time.time_ns()}"},
    )
