"""A small S3 server inside the test's process: PUT, GET, HEAD, DELETE and the list of a bucket; signatures are not checked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

ABOUT = {"ETag": '"1"', "Last_Modified": "Tue, 02 Jan 2024 00:00:00 GMT"}


@dataclass
class Bucket:
    """What was stored by its key, every request by its method and path, and what to answer instead."""

    name: str
    address: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    refuse: dict[str, tuple[int, str]] = field(default_factory=dict)  # by method: status and code


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    bucket: Bucket

    def log_message(self, *_words: Any) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status: int, code: str) -> None:
        self.answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def key(self) -> str | None:
        """Return the key of the request; None when it was answered already."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        bucket, _slash, key = unquote(parts.path).lstrip("/").partition("/")
        self.bucket.requests.append((self.command, unquote(self.path)))
        if self.command in self.bucket.refuse:
            self.error(*self.bucket.refuse[self.command])
        elif "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
            self.error(403, "AccessDenied")
        elif bucket != self.bucket.name:
            self.error(404, "NoSuchBucket")
        else:
            self.body = body
            return key
        return None

    def do_PUT(self) -> None:
        if (key := self.key()) is not None:
            self.bucket.objects[key] = self.body
            self.bucket.headers[key] = {name.lower(): value for name, value in self.headers.items()}
            self.answer(200, ETag='"1"')

    def do_GET(self) -> None:
        key = self.key()
        if key == "":
            self.list(parse_qs(urlsplit(self.path).query).get("prefix", [""])[0])
        elif key in self.bucket.objects:
            self.answer(200, self.bucket.objects[key], **ABOUT)
        elif key is not None:
            self.error(404, "NoSuchKey")

    def do_HEAD(self) -> None:
        key = self.key()
        if key in self.bucket.objects:
            self.answer(200, Content_Length=str(len(self.bucket.objects[key])), **ABOUT)
        elif key is not None:
            self.answer(404)

    def do_DELETE(self) -> None:
        if (key := self.key()) is not None:
            self.bucket.objects.pop(key, None)
            self.answer(204)

    def list(self, prefix: str) -> None:
        below = [key.removeprefix(prefix) for key in sorted(self.bucket.objects) if key.startswith(prefix)]
        folders = {rest.split("/")[0] for rest in below if "/" in rest}
        told = [
            f"<Contents><Key>{escape(prefix + rest)}</Key></Contents>" for rest in below if "/" not in rest
        ]
        told += [
            f"<CommonPrefixes><Prefix>{escape(prefix + name)}/</Prefix></CommonPrefixes>" for name in folders
        ]
        self.answer(200, f"<ListBucketResult>{''.join(told)}</ListBucketResult>".encode())


@contextmanager
def serve(name: str) -> Iterator[Bucket]:
    """Serve an empty bucket at an address of its own."""
    bucket = Bucket(name)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"bucket": bucket}))
    bucket.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
