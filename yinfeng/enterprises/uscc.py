"""统一社会信用代码: the 18 characters that identify an organisation (GB 32100-2015), and what a mistake in them looks like.

Codes issued before 2016, in Xiamen above all, may fail the standard's own check (91350203M0001QKT19 is on a real
licence). So a failed check only warns; refused is what cannot be a code at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.translation import gettext as _

Level = Literal["ok", "warn", "malformed"]

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
_WEIGHTS = [pow(3, i, 31) for i in range(17)]
_BODY_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

# Registering department (first character) → kinds of organisation (second character); GB 32100-2015, tables 1 and 2.
_KINDS = {
    "1": "1239",
    "2": "19",
    "3": "123459",
    "4": "19",
    "5": "1239",
    "6": "129",
    "7": "129",
    "8": "19",
    "9": "123",
    "A": "19",
    "N": "1239",
    "Y": "1",
}


@dataclass(frozen=True, slots=True)
class UsccVerdict:
    """What is to be said of a code: ``malformed`` is refused, ``warn`` is saved with its sentences shown."""

    code: str
    level: Level
    sentences: tuple[str, ...] = ()


def normalise_uscc(typed: str) -> str:
    """Return the code in half-width capitals without blanks, hyphens and dots."""
    if typed.isalnum() and typed.isascii():
        return typed.upper()
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", typed)).upper()


def check_character(first17: str) -> str:
    """Return the 18th character that GB 32100-2015 computes for the first 17."""
    total = sum(_VALUES[char] * weight for char, weight in zip(first17, _WEIGHTS, strict=True))
    return _ALPHABET[-total % 31]


def organization_code_ok(code: str) -> bool:
    """Say whether nine characters are an organisation code with a right check character (GB 11714-1997)."""
    if not re.fullmatch(r"[0-9A-Z]{8}[0-9X]", code):
        return False
    total = sum(int(char, 36) * weight for char, weight in zip(code[:8], _BODY_WEIGHTS, strict=True))
    return code[8] == "0123456789X"[-total % 11]


def looks_like_identity_number(code: str) -> bool:
    """Say whether 18 characters are the number of an identity card: region, date of birth, check (GB 11643-1999)."""
    if not re.fullmatch(r"[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]", code):
        return False
    try:
        date(int(code[6:10]), int(code[10:12]), int(code[12:14]))
    except ValueError:
        return False
    total = sum(int(char) * pow(2, 17 - i, 11) for i, char in enumerate(code[:17]))
    return code[17] == "10X98765432"[total % 11]


def _misread(code: str) -> str:
    """Return the letters in ``code`` that the standard leaves out because they are misread."""
    return "、".join(dict.fromkeys(char for char in code if char in "IOSVZ"))


def _malformed(code: str) -> str | None:
    """Return why ``code`` cannot be a 统一社会信用代码, or None."""
    # First of all, and without repeating the number: it would be somebody's personal data. A code of 91, 92 or 93
    # whose check is right is an enterprise's even if its digits happen to spell a date.
    if looks_like_identity_number(code) and not (code[0] == "9" and _fits(code)):
        return _("这像是一个居民身份证号码，属于个人信息，不能填在这里。请填写营业执照上的统一社会信用代码。")
    if len(code) == 9 and organization_code_ok(code):
        return _("这是9位的组织机构代码。请填写18位的统一社会信用代码，它的第9至17位就是这个代码。")
    if len(code) == 15 and code.isdigit():
        return _("这像是15位的旧注册号。请填写营业执照上18位的统一社会信用代码。")
    if len(code) != 18:
        return _("统一社会信用代码应为18位，现在是%(length)d位。") % {"length": len(code)}
    if letters := _misread(code):
        return _(
            "统一社会信用代码不使用字母I、O、S、V、Z，而这里有%(letters)s，可能是数字1、0、5、2或字母U的误写。"
        ) % {"letters": letters}
    if any(char not in _ALPHABET for char in code):
        return _("统一社会信用代码只由数字和大写英文字母组成。")
    if not code[2:8].isdigit():
        return _("统一社会信用代码的第3至8位是登记机关的行政区划码，应为数字。")
    return None


_FORM = re.compile(rf"[0-9A-Z]{{2}}[0-9]{{6}}[{_ALPHABET}]{{10}}")


def _fits(code: str) -> bool:
    """Say whether department, kind and check character all follow the standard."""
    if code[1] not in _KINDS.get(code[0], "") or any(char not in _VALUES for char in code):
        return False
    return check_character(code[:17]) == code[17]


def is_right(code: str) -> bool:
    """Say whether ``check`` has nothing to say of a code that is typed as it is stored; sooner told for the right ones."""
    if len(code) == 18 and code[0] == "9" and _FORM.fullmatch(code) and _fits(code):
        return True
    return check(code).level == "ok"


def check(typed: str) -> UsccVerdict:
    """Judge a code as typed, by GB 32100-2015.

    The region (characters 3 to 8) is not compared with GB/T 2260: codes keep the number of a division long abolished.
    """
    code = normalise_uscc(typed)
    if problem := _malformed(code):
        return UsccVerdict(code, "malformed", (problem,))
    doubts: list[str] = []
    if code[1] not in _KINDS.get(code[0], ""):
        doubts.append(
            _("第1、2位“%(head)s”不是标准中的登记管理部门和机构类别，请对照营业执照核对。")
            % {"head": code[:2]}
        )
    if check_character(code[:17]) != code[17]:
        doubts.append(_("第18位校验码与标准不符。"))
        doubts.append(
            _("第9至17位主体标识码的校验通过，2016年以前发放的代码（厦门较多）有这种情况。")
            if organization_code_ok(code[8:17])
            else _("第9至17位主体标识码的校验也不通过，很可能有字符录错，请对照营业执照核对。")
        )
        doubts.append(_("确认与执照一致的可以保存，请留存营业执照复印件。"))
    return UsccVerdict(code, "warn" if doubts else "ok", tuple(doubts))
