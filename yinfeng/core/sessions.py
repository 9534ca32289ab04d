"""Sessions in the database, read at every request by a query worded once (docs/adr/0009-prepared-reads.md)."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from yinfeng.core.prepared import prepared


@prepared
def _alive(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    """Django's session store with a quicker look-up."""

    def _get_session_from_db(self) -> Session | None:
        found = _alive(self.session_key, timezone.now()) if self.session_key else []
        if not found:
            self._session_key = None
            return None
        return found[0]
