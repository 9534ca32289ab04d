"""Uploaded files in S3-compatible storage (``YINFENG_MEDIA_URL``); imported only where it is chosen.

They are private, written in one request each (so that a killed upload leaves no part behind), and reach people only
through the application. A store that is full or cannot be reached says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.utils.translation import gettext as _
from storages.backends.s3 import S3Storage

from yinfeng.core.errors import Away, NoSpace
from yinfeng.core.stores import Noting

GB = 1024**3
LARGEST_PUT = 5 * GB  # the most that S3 takes in one request
IN_MEMORY = 1024 * 1024
# What stores answer when they are full: MinIO, Ceph, and the clouds' quotas.
FULL = frozenset(
    {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientCapacity"}
)


class BucketStorage(Noting, S3Storage):
    """Files in a bucket, below ``folder``; without ``key_id`` botocore looks for credentials in its own places."""

    def __init__(
        self,
        *,
        bucket: str,
        folder: str = "",
        endpoint: str = "",
        region: str = "",
        addressing: str = "auto",
        key_id: str = "",
        secret: str = "",
    ) -> None:
        super().__init__(
            bucket_name=bucket,
            location=folder,
            endpoint_url=endpoint or None,
            region_name=region or None,
            access_key=key_id or None,
            secret_key=secret or None,
            file_overwrite=False,
            # no type by which a browser would run it, should somebody open the bucket to the world
            object_parameters={"ContentType": "application/octet-stream"},
            max_memory_size=IN_MEMORY,
            transfer_config=TransferConfig(multipart_threshold=LARGEST_PUT, use_threads=False),
            client_config=Config(
                signature_version="s3v4",
                s3={"addressing_style": addressing},
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "max_attempts": 3},
                # checksums in trailers are Amazon's; other stores refuse them
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def _save(self, name: str, content: File[Any]) -> str:
        with _told():
            return super()._save(name, content)

    def _open(self, name: str, mode: str = "rb") -> Any:
        with _told():
            file = super()._open(name, mode)
            file.open()  # the content is fetched now, while an answer can still say that it failed
            return file

    def exists(self, name: str) -> bool:
        with _told():
            return bool(super().exists(name))

    def delete(self, name: str) -> None:
        with _told():
            super().delete(name)

    def size(self, name: str) -> int:
        with _told():
            return int(super().size(name))

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with _told():
            folders, files = super().listdir(name)
            return folders, files

    def url(self, name: str, *_args: Any, **_kwargs: Any) -> str:
        raise NotImplementedError("Files are downloaded through the application, which asks who may.")


@contextmanager
def _told() -> Iterator[None]:
    """Say in a sentence what a store answers, or that it does not."""
    try:
        yield
    except (ClientError, BotoCoreError, Boto3Error) as error:
        answer = _answer(error)
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 507 or answer.get("Error", {}).get("Code") in FULL:
            raise NoSpace from error
        raise Away(
            _("文件库暂时无法使用，刚才的操作没有生效。请稍后再试；若仍不行，请联系管理员。")
        ) from error


def _answer(error: Exception) -> dict[str, Any]:
    """Return what the store answered; a failed upload carries it as the error before."""
    found = error if isinstance(error, ClientError) else error.__context__
    return found.response if isinstance(found, ClientError) else {}
