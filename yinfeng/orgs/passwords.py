"""A password rule for cities whose grading asks for it; off by default."""

from __future__ import annotations

import string
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


class ClassesValidator:
    """Ask for several of: small letters, capitals, digits, anything else.

    GB/T 22239-2019 8.1.4.1 a asks that identification information be complex; OWASP ASVS 6.2.5 advises against such rules.
    So it is a setting: ``classes`` 0 asks for none.
    """

    def __init__(self, classes: int = 0) -> None:
        self.classes = classes

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password of too few classes."""
        found = sum(any(char in kind for char in password) for kind in CLASSES)
        found += any(char not in "".join(CLASSES) for char in password)
        if found < self.classes:
            raise ValidationError(self.get_help_text(), code="password_classes")

    def get_help_text(self) -> str:
        """Return the rule in words; empty when there is none."""
        if not self.classes:
            return ""
        return _("密码须包含大写字母、小写字母、数字和其他字符中的至少 %(count)s 类。") % {
            "count": self.classes
        }
