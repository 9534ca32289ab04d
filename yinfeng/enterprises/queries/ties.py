"""The people of the units, to choose from who of ours knows somebody."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat
from django.utils import timezone

from yinfeng.orgs.models import Membership, Person, in_force
from yinfeng.orgs.queries import brief_name


def people_with_posts() -> QuerySet[Person]:
    """Return everybody who is known, by name, each with the main post of today in ``post``."""
    posts = Membership.objects.filter(in_force(timezone.localdate()), person=OuterRef("pk"))
    post = Subquery(
        posts.order_by("-is_main", "pk").values(in_words=Concat(brief_name(), Value(" "), "position"))[:1]
    )
    return Person.objects.annotate(post=post).order_by("name", "pk")
