"""One of very many values, as one parameter."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_user
from yinfeng.core.models import User


@pytest.mark.django_db
def test_among_is_in_with_one_parameter() -> None:
    one, other = make_user("甲'\"{,}"), make_user("乙\\N")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        names = User.objects.filter(username__among=[one.username, other.username, "x"]).order_by("pk")
        assert list(names) == [one, other]
    assert captured[0]["sql"].count(" IN (") + captured[0]["sql"].count("ANY(") == 1
    assert list(User.objects.filter(pk__among=[*range(-300_000, 0), one.pk])) == [one]
    assert not User.objects.filter(username__among=[]).exists()
    assert not User.objects.filter(pk__among=[]).exists()
