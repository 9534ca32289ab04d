"""Fields kept encrypted at rest (phones, identity numbers): SM4-GCM with keys from the environment and rotation.

The stored text is ``sm4$<key mark>$<base64 of nonce, ciphertext and tag>``: the newest key encrypts, every configured one decrypts.
Source: GB/T 39786-2021 8.4 e (confidentiality of stored important data); GB/T 32907-2016 (SM4).
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.db import models

_NONCE, _TAG = 12, 16


def _keys() -> dict[str, bytes]:
    """Return the 128-bit keys by their mark, the newest first."""
    digests = [
        hashlib.sha256(b"yinfeng field key:" + secret.encode()).digest() for secret in settings.FIELD_KEYS
    ]
    return {digest[16:20].hex(): digest[:16] for digest in digests}


def encrypt(plain: str) -> str:
    """Encrypt ``plain`` under the newest key."""
    mark, key = next(iter(_keys().items()))
    nonce = os.urandom(_NONCE)
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    sealed = nonce + encryptor.update(plain.encode()) + encryptor.finalize() + encryptor.tag
    return f"sm4${mark}${base64.b64encode(sealed).decode()}"


def decrypt(stored: str) -> str:
    """Decrypt what ``encrypt`` returned; KeyError for an unknown key, InvalidTag for a tampered text."""
    _scheme, mark, body = stored.split("$", 2)
    sealed = base64.b64decode(body)
    nonce, text, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
    decryptor = Cipher(algorithms.SM4(_keys()[mark]), modes.GCM(nonce, tag)).decryptor()
    return (decryptor.update(text) + decryptor.finalize()).decode()


class EncryptedTextField(models.TextField):
    """A text that is encrypted in the database and plain in Python; it cannot be filtered on."""

    def get_prep_value(self, value: Any) -> Any:
        plain = super().get_prep_value(value)
        return encrypt(plain) if plain else plain

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None


# Country and area code or the first three of a mobile number, the four digits to hide, the last three or four, an extension.
_CHINESE_NUMBER = re.compile(
    r"((?:(?:\+|00)?86-?)?(?:1[3-9]\d-?|0?(?:10|2\d|[3-9]\d\d)-?)?)(?:\d-?){4}(\d{3,4})(\D.*)?"
)


def mask_phone(phone: str) -> str:
    """Hide the middle of a phone number, and an extension: 138****5678, 0592-****234 转***; of others all but two digits."""
    plain = re.sub(r"[\s()（）]+", "", phone)
    if found := _CHINESE_NUMBER.fullmatch(plain):
        head, tail, extension = found.groups(default="")
        return f"{head}****{tail}" + re.sub(r"\d", "*", extension)
    shown = 2 if len(plain) > 6 else 0
    return re.sub(r"\w", "*", plain[: len(plain) - shown]) + plain[len(plain) - shown :]
