"""Check what an uploaded file really is before it is kept: its content decides, and its name must agree.

Nothing is opened here but packages of Office Open XML, and those only as far as ``exchange.ooxml`` goes. Kept files
are served as attachments, never shown in a page (SECURITY.md 3.2.1, 5.2.1–5.4.2).
"""

from __future__ import annotations

import codecs
import hashlib
import re
import tempfile
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO, Any, NoReturn
from urllib.parse import quote

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.utils.translation import gettext as _

from yinfeng.core.errors import Invalid, TooLarge
from yinfeng.core.exchange import ooxml
from yinfeng.core.exchange.delimited import GZIP_MAGIC

MB = 1024 * 1024
PIECE = 64 * 1024
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the endings it may have, the first being the usual one, and the type it is served with."""

    extensions: tuple[str, ...]
    content_type: str


_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: dict[str, Kind] = {
    "pdf": Kind((".pdf",), "application/pdf"),
    "docx": Kind((".docx",), f"{_OFFICE}wordprocessingml.document"),
    "xlsx": Kind((".xlsx",), f"{_OFFICE}spreadsheetml.sheet"),
    "pptx": Kind((".pptx",), f"{_OFFICE}presentationml.presentation"),
    "doc": Kind((".doc",), "application/msword"),
    "xls": Kind((".xls",), "application/vnd.ms-excel"),
    "ppt": Kind((".ppt",), "application/vnd.ms-powerpoint"),
    "jpeg": Kind((".jpg", ".jpeg"), "image/jpeg"),
    "png": Kind((".png",), "image/png"),
    "text": Kind((".txt",), "text/plain; charset=utf-8"),
    "csv": Kind((".csv", ".tsv"), "text/csv; charset=utf-8"),
    "csv.gz": Kind((".csv.gz", ".tsv.gz"), "application/gzip"),
}
ATTACHMENTS = frozenset(KINDS) - {"csv.gz"}
TABLES = frozenset({"xlsx", "csv", "csv.gz"})

_KIND_OF = {extension: kind for kind, known in KINDS.items() for extension in known.extensions}
_PACKAGES = frozenset({"docx", "xlsx", "pptx"})
# The stream that makes an old binary file a document of its program, as it stands in the file's directory.
_OLE_STREAMS = {
    "doc": ("WordDocument",),
    "xls": ("Workbook", "Book"),
    "ppt": ("PowerPoint Document",),
}
_OLE_MACROS = ("_VBA_PROJECT", "_VBA_PROJECT_CUR")
_MAGIC = {"pdf": b"%PDF-", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n", "csv.gz": GZIP_MAGIC}
# What begins a page, a drawing or a script, whatever the file is called.
_ACTIVE = re.compile(
    r"[\s\ufeff]*(<!doctype|<html|<head|<body|<script|<svg|<\?xml|<\?php|<%|#!|@echo)", re.IGNORECASE
)
_NOT_TEXT = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\.|$)", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"|?*]')
_FORMAT_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Inspected:
    """What an uploaded file was found to be.

    Attributes:
        kind: a key of ``KINDS``.
        content_type: the type to serve it with, never the one the browser declared.
        extension: with its dot, in lower case, as in the name.
        safe_name: the name it was given, cleaned; for people to read, never a path.
        size: in bytes.
        sha256: hexadecimal.
    """

    kind: str
    content_type: str
    extension: str
    safe_name: str
    size: int
    sha256: str


def inspect_upload(
    file: IO[bytes], declared_name: str, *, max_bytes: int, allowed: Collection[str] = ATTACHMENTS
) -> Inspected:
    """Return what the file is, read in pieces; the file is left at its beginning.

    Raises:
        TooLarge: it is larger than ``max_bytes`` or unpacks to too much.
        Invalid: it is empty, of a kind that is not allowed, other than its name says, protected or with macros.
    """
    name = clean_name(declared_name)
    extension = extension_of(name)
    kind = _KIND_OF.get(extension, "")
    if kind not in allowed:
        _refuse_kind(allowed)
    digest, size, start = hashlib.sha256(), 0, b""
    for piece in _pieces(file):
        size += len(piece)
        if size > max_bytes:
            raise TooLarge(
                _("文件超过 %(limit)s MB，请压缩或拆分后再上传。") % {"limit": f"{max_bytes / MB:g}"}
            )
        digest.update(piece)
        start = start or piece[:16]
    if not size:
        raise Invalid(_("文件是空的，请检查后重新上传。"))
    _check_content(file, kind, start)
    file.seek(0)
    return Inspected(kind, KINDS[kind].content_type, extension, name, size, digest.hexdigest())


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def _refuse_kind(allowed: Collection[str]) -> NoReturn:
    extensions = [
        extension for kind, known in KINDS.items() if kind in allowed for extension in known.extensions
    ]
    raise Invalid(_("不接收这种文件。可以上传：%(extensions)s。") % {"extensions": _("、").join(extensions)})


def _refuse_mismatch() -> NoReturn:
    raise Invalid(_("文件的内容与扩展名不符。请用原来的软件打开，另存为正确的格式后再上传。"))


def _check_content(file: IO[bytes], kind: str, start: bytes) -> None:
    if kind in _PACKAGES:
        if start.startswith(ooxml.OLE_MAGIC) and _holds(file, ("EncryptedPackage",)):
            ooxml.refuse_protected()
        if not start.startswith(ooxml.ZIP_MAGIC):
            _refuse_mismatch()
        package = ooxml.Package(file)
        if package.kind() != kind:
            _refuse_mismatch()
        package.walk()
    elif kind in _OLE_STREAMS:
        if not start.startswith(ooxml.OLE_MAGIC) or not _holds(file, _OLE_STREAMS[kind]):
            _refuse_mismatch()
        if _holds(file, _OLE_MACROS):
            ooxml.refuse_macros()
    elif kind in _MAGIC:
        if not start.startswith(_MAGIC[kind]):
            _refuse_mismatch()
    else:
        _check_text(file)


def _holds(file: IO[bytes], names: tuple[str, ...]) -> bool:
    """Say whether an old binary file has one of the names as its directory writes them: UTF-16, ended by a NUL."""
    wanted = [f"{name}\0".encode("utf-16-le") for name in names]
    rest = b""
    for piece in _pieces(file):
        window = rest + piece
        if any(entry in window for entry in wanted):
            return True
        rest = window[-len(max(wanted, key=len)) :]
    return False


def _check_text(file: IO[bytes]) -> None:
    """Refuse what is not plain text in an encoding in use here, or begins like a page or a script."""
    start = next(_pieces(file), b"")
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    elif start.startswith(codecs.BOM_UTF8):
        encodings = ["utf-8-sig"]
    else:
        encodings = ["utf-8", "gb18030"]
    if not any(_reads_as(file, encoding) for encoding in encodings):
        _refuse_mismatch()


def _reads_as(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    first = True
    try:
        for piece in _pieces(file):
            text = decoder.decode(piece)
            if _NOT_TEXT.search(text) or (first and _ACTIVE.match(text)):
                return False
            first = False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# --- receiving ----------------------------------------------------------------------------------------------------


class NamelessFileUploadHandler(TemporaryFileUploadHandler):
    """Receive a large upload into a file without a name: whatever becomes of the process, it goes with it."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        stream = tempfile.TemporaryFile()  # noqa: SIM115 - the request closes it
        self.file = UploadedFile(  # type: ignore[assignment]
            stream, self.file_name, self.content_type, 0, self.charset, self.content_type_extra
        )

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()


# --- names --------------------------------------------------------------------------------------------------------


def extension_of(name: str) -> str:
    """Return the name's ending with its dot, in lower case; of a packed table both endings."""
    parts = name.casefold().rsplit(".", 2)
    if len(parts) == 3 and f".{parts[1]}.{parts[2]}" in _KIND_OF:
        return f".{parts[1]}.{parts[2]}"
    return f".{parts[-1]}" if len(parts) > 1 else ""


def clean_name(declared: str) -> str:
    """Return a name that is safe to show and to offer for saving: no path, no control or direction characters.

    Chinese stays as it is. Names that Windows keeps for devices get an underscore; long ones are cut before the ending.
    """
    name = unicodedata.normalize("NFC", declared)
    name = "".join(letter for letter in name if unicodedata.category(letter) not in _FORMAT_CATEGORIES)
    name = re.split(r"[/\\]", name)[-1]
    name = " ".join(_UNSAFE.sub("_", name).split()).strip(" .")
    extension = extension_of(name)
    stem = name[: len(name) - len(extension)].strip(" .") if extension else name
    if not stem and extension:
        stem = _("文件")
    if _RESERVED.match(stem):
        stem = f"_{stem}"
    extension = extension[: LONGEST_NAME // 2]
    return f"{stem[: LONGEST_NAME - len(extension)].strip(' .')}{extension}" or _("文件")


def content_disposition(name: str, *, inline: bool = False) -> str:
    """Return the header that offers a file for saving under its name (RFC 6266).

    Old programs get the name's ASCII letters, all others the whole name (``filename*``, RFC 5987).
    """
    name = clean_name(name)
    plain = re.sub(r"[^A-Za-z0-9 ._()+,=@-]", "_", name)
    disposition = "inline" if inline else "attachment"
    header = f'{disposition}; filename="{plain}"'
    return header if plain == name else f"{header}; filename*=UTF-8''{quote(name, safe='!#$&+-.^_`|~')}"
