"""The core's own writes, and the helpers with which every app's services create and edit rows."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F, Model, Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from yinfeng.core import events, lifecycle, uploads
from yinfeng.core.actors import Actor, actor_of
from yinfeng.core.errors import Conflict, FieldConflict, Forbidden, Invalid, Missing, Sentence, Stale
from yinfeng.core.models import (
    ApiToken,
    Attachment,
    Code,
    Event,
    Follow,
    Notice,
    ProfileLoad,
    ProfileRow,
    Rule,
    SavedView,
    User,
    Versioned,
)
from yinfeng.core.scopes import in_sight, permits

M = TypeVar("M", bound=Model)
V = TypeVar("V", bound=Versioned)

FOLLOWING, ASSIGNED = "following", "assigned"


# --- for every app's services -------------------------------------------------------------------------------------


def person(by: Actor) -> int:
    """Return the account that acts; the system alone cannot, where each act is somebody's."""
    if by.user_id is None:
        raise Forbidden(_("这项操作须由本人登录后办理。"))
    return by.user_id


def validated(obj: Model, exclude: Iterable[str] = ()) -> None:
    """Run ``full_clean`` and raise Invalid with the model's sentences per field."""
    try:
        obj.full_clean(exclude=set(exclude))
    except ValidationError as error:
        raise invalid(error) from error


def invalid(error: ValidationError) -> Invalid:
    """Turn Django's ValidationError into the product's Invalid."""
    fields = (
        {name: list(texts) for name, texts in error.message_dict.items()}
        if hasattr(error, "error_dict")
        else {}
    )
    general = fields.pop("__all__", [] if fields else list(error.messages))
    sentence = " ".join(general) or _("有内容需要修改，请看标出的各项。")
    return Invalid(sentence, fields=fields)


def insert(obj: M, exclude: Iterable[str] = ()) -> M:
    """Validate and save a new row; of two people who save the same at once, one is told as if he had come later."""
    validated(obj, exclude)
    try:
        with transaction.atomic():
            obj.save(force_insert=True)
    except IntegrityError as error:
        validated(obj, exclude)
        raise Conflict(_("另一位同事刚刚保存了同样的内容，您的操作没有生效。请刷新页面后再试。")) from error
    return obj


def add(
    obj: M,
    *,
    by: Actor,
    verb: str,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    exclude: Iterable[str] = (),
) -> M:
    """Validate and save a new row and record its event."""
    insert(obj, exclude)
    events.record(by=by, verb=verb, obj=obj, note=note, data=data)
    return obj


def differences(obj: Model, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return field → (old, new) for those of ``values`` that differ from the row."""
    return {name: (getattr(obj, name), new) for name, new in values.items() if getattr(obj, name) != new}


def write_edit(
    obj: V, values: Mapping[str, Any], version: int, told: Mapping[str, Any] | None = None
) -> dict[str, tuple[Any, Any]]:
    """Write ``values`` to the row as its next version if it is still at ``version``; return what changed, and record nothing.

    Stale carries both values of every field of ``told`` that differs: of all ``values``, unless some must not be shown.
    """
    told = values if told is None else told
    if obj.version != version:
        raise stale(obj, told)
    changes = differences(obj, values)
    if not changes:
        return {}
    for name, (_old, new) in changes.items():
        setattr(obj, name, new)
    validated(obj)
    stored = {name: getattr(obj, name) for name in changes}
    matched = type(obj)._default_manager.filter(pk=obj.pk, version=version)
    if matched.update(**stored, version=F("version") + 1, updated_at=timezone.now()) != 1:
        raise stale(type(obj)._default_manager.get(pk=obj.pk), told)
    obj.refresh_from_db()
    return changes


def apply_edit(
    obj: V,
    values: Mapping[str, Any],
    *,
    by: Actor,
    version: int,
    verb: str,
    note: str = "",
    stays_in: str = "view",
) -> dict[str, tuple[Any, Any]]:
    """Write ``values`` as ``write_edit`` does and record the event; return what changed (nothing changed: no event).

    Afterwards the row must still be in the writer's scope (``stays_in``), so nobody edits a record out of his own sight.
    """
    with transaction.atomic():
        changes = write_edit(obj, values, version)
        if not changes:
            return {}
        if stays_in and not permits(obj, by, stays_in):
            raise Forbidden(_("这样修改之后，您将看不到这条记录，所以没有保存。请让有权的同事修改。"))
        events.record(by=by, verb=verb, obj=obj, changes=changes, note=note)
    return changes


def get_or_add(build: M, *, unique: Mapping[str, Any]) -> tuple[M, bool]:
    """Save ``build`` or return the row that already has its ``unique`` values, also when two people race."""
    manager = type(build)._default_manager
    if existing := manager.filter(**unique).first():
        return existing, False
    try:
        with transaction.atomic():
            validated(build)
            build.save(force_insert=True)
    except (IntegrityError, Invalid):
        if existing := manager.filter(**unique).first():
            return existing, False
        raise
    return build, True


def stale(current: Versioned, values: Mapping[str, Any]) -> Stale:
    """Return the error that shows what is stored now beside what was sent."""
    conflicts = [
        FieldConflict(name, current._meta.get_field(name).verbose_name, theirs, yours)  # type: ignore[union-attr]
        for name, (theirs, yours) in differences(current, values).items()
        if name not in current.worked_out
    ]
    advice = _("请对照下面两边的内容后再保存。")
    return lifecycle.stale(current, advice, conflicts=conflicts, version=current.version)


# --- profile data (see core.profile) ------------------------------------------------------------------------------


def put_codes(codes: Sequence[Code]) -> None:
    """Write entries of code tables as the profile says them now; a closed one that is back is open again."""
    Code.objects.bulk_create(
        codes, batch_size=500, update_conflicts=True, unique_fields=["table", "code"],
        update_fields=["name", "name_en", "parent", "level", "order", "data", "valid_from", "valid_to"],
    )  # fmt: skip


def close_codes(keys: Iterable[tuple[str, str]], day: date) -> None:
    """Let entries that the profile no longer has be in force until yesterday: rows that use them keep their label."""
    for table, code in keys:
        Code.objects.filter(table=table, code=code).update(valid_to=day - timedelta(days=1))


def put_rules(rules: Sequence[Rule]) -> None:
    """Write versions of rules as the profile says them now."""
    Rule.objects.bulk_create(
        rules, batch_size=500, update_conflicts=True, unique_fields=["kind", "key", "valid_from"],
        update_fields=["data", "source", "valid_to"],
    )  # fmt: skip


def close_rules(keys: Iterable[Sequence[str]], day: date) -> None:
    """Let versions of rules (kind, key, first day) that the profile no longer has be in force until yesterday at most."""
    yesterday = day - timedelta(days=1)
    for kind, key, begins in keys:
        version = Rule.objects.filter(kind=kind, key=key, valid_from=date.fromisoformat(begins))
        version.filter(Q(valid_to=None) | Q(valid_to__gt=yesterday)).update(valid_to=yesterday)


def put_rates(rates: Mapping[str, list[dict[str, str]]]) -> None:
    """Keep all rates of a currency (yuan for one unit, from a day on) as one rule."""
    for currency, history in rates.items():
        rule = Rule.objects.filter(kind="exchange_rate", key=currency).first() or Rule(
            kind="exchange_rate", key=currency
        )
        rule.data = {"rates": history}
        rule.save()


def remember_rows(section: str, digests: Mapping[str, str], gone: Sequence[str]) -> None:
    """Keep what a section of the profile said at this load."""
    rows = [ProfileRow(section=section, key=key, digest=digest) for key, digest in digests.items()]
    ProfileRow.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["section", "key"],
        update_fields=["digest"],
    )
    for start in range(0, len(gone), 500):
        ProfileRow.objects.filter(section=section, key__in=gone[start : start + 500]).delete()


def record_load(load: ProfileLoad, *, by: Actor) -> ProfileLoad:
    """Record that a profile was loaded and what it changed."""
    return add(load, by=by, verb="core.profile.loaded", data=load.changes)


# --- files --------------------------------------------------------------------------------------------------------


@transaction.atomic
def attach_file(*, by: Actor, obj: Model, file: File[bytes], name: str, kind: str = "") -> Attachment:
    """Keep an uploaded file with ``obj`` after checking its content; the caller has checked that ``by`` may."""
    inspected = uploads.inspect_upload(file, name, max_bytes=settings.UPLOAD_MAX_BYTES)
    _hold_object(obj)
    attachment = Attachment(
        object_type=events.type_of(obj), object_id=obj.pk, kind=kind, name=inspected.safe_name,
        content_type=inspected.content_type, size=inspected.size, sha256=inspected.sha256, uploaded_by_id=by.user_id,
    )  # fmt: skip
    _ask_objections(attachment)
    file.seek(0)
    attachment.stored.save(f"{attachment.pk}{inspected.extension}", file, save=False)
    try:
        attachment.save(force_insert=True)
        events.record(
            by=by, verb="core.attachment.added", obj=obj,
            data={"file": attachment.name, "kind": kind, "sha256": attachment.sha256, "attachment": str(attachment.pk)},
        )  # fmt: skip
    except BaseException:
        attachment.stored.delete(save=False)
        raise
    return attachment


def _hold_object(obj: Model) -> None:
    """Keep a row from being deleted until the transaction ends, for no foreign key does; Missing when it is gone already."""
    row = type(obj)._base_manager.select_for_update(no_key=True).filter(pk=obj.pk)
    if row.values_list("pk").first() is None:
        raise Missing


Objection = Callable[[Attachment], Sentence | None]
OBJECTIONS: list[Objection] = []


def may_object(objection: Objection) -> None:
    """Ask ``objection`` before a file is added (it is not stored yet) or taken off: a contract is evidence (ADR 12)."""
    if objection not in OBJECTIONS:
        OBJECTIONS.append(objection)


def _ask_objections(attachment: Attachment) -> None:
    for objection in OBJECTIONS:
        if sentence := objection(attachment):
            raise Conflict(sentence)


@transaction.atomic
def remove_file(*, by: Actor, obj: Model, attachment: Attachment, reason: str) -> None:
    """Take a file off ``obj``; its content stays in the store, as evidence of what was there."""
    if not reason.strip():
        raise Invalid(_("请填写撤下材料的原因。"), fields={"reason": [_("请填写原因。")]})
    _ask_objections(attachment)
    if Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=timezone.now()) != 1:
        raise Missing
    events.record(
        by=by, verb="core.attachment.removed", obj=obj, note=reason.strip(),
        data={"file": attachment.name, "attachment": str(attachment.pk)},
    )  # fmt: skip


def record_download(*, by: Actor, obj: Model, attachment: Attachment) -> None:
    """Note that a file was downloaded: who read a contract is asked years later."""
    events.record(
        by=by, verb="core.attachment.downloaded", obj=obj,
        data={"file": attachment.name, "attachment": str(attachment.pk)},
    )  # fmt: skip


# --- following and notices ----------------------------------------------------------------------------------------


def follow(*, by: Actor, obj: Model) -> None:
    """Follow an object: its events become notices. Following twice is following once."""
    if by.user_id is not None:
        Follow.objects.get_or_create(owner_id=by.user_id, object_type=events.type_of(obj), object_id=obj.pk)


def unfollow(*, by: Actor, obj: Model) -> None:
    """Stop following an object."""
    Follow.objects.filter(owner_id=by.user_id, object_type=events.type_of(obj), object_id=obj.pk).delete()


def notify(event: Event, user_ids: Iterable[int], why: str = ASSIGNED) -> None:
    """Put an event into people's notices once each, except of those who did it or may not see its object."""
    _notify({user_id: [event] for user_id in user_ids}, why)


def _notify(told: Mapping[int, Sequence[Event]], why: str) -> None:
    people = User.objects.filter(pk__in=told, is_active=True)
    notices = [
        Notice(owner=user, event=event, why=why)
        for user in people
        for event in in_sight(actor_of(user), told[user.pk])
        if event.actor_id != user.pk
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


def notify_followers(event: Event, by: Actor) -> None:
    """Tell those who follow the event's object; subscribed to every verb."""
    if event.object_id is None or event.verb in events.quiet_verbs():
        return
    followers = Follow.objects.filter(object_type=event.object_type, object_id=event.object_id)
    notify(event, followers.values_list("owner_id", flat=True), why=FOLLOWING)


def notify_followers_of_many(recorded: events.Recorded, by: Actor) -> None:
    """Tell the followers of a batch's objects with one look-up."""
    ids = [obj.pk for obj, _changes in recorded.about]
    follows = Follow.objects.filter(object_type=recorded.same["object_type"], object_id__among=ids)
    followed: defaultdict[int, list[int]] = defaultdict(list)
    for owner, object_id in follows.values_list("owner_id", "object_id"):
        followed[object_id].append(owner)
    if not followed or recorded.same["verb"] in events.quiet_verbs():
        return
    told: defaultdict[int, list[Event]] = defaultdict(list)
    for event in recorded.events(followed):
        for owner in followed[event.object_id or 0]:
            told[owner].append(event)
    _notify(told, FOLLOWING)


def mark_read(*, by: Actor, notices: Sequence[int] | None = None) -> int:
    """Mark the actor's notices (all of them by default) as read; return how many were new."""
    mine = Notice.objects.permitted(by, "change").filter(read_at=None)
    return (mine if notices is None else mine.filter(pk__in=notices)).update(read_at=timezone.now())


# --- saved views --------------------------------------------------------------------------------------------------


@transaction.atomic
def save_view(*, by: Actor, page: str, name: str, query: str) -> SavedView:
    """Keep a list's present query under a name; the same name is overwritten."""
    assert by.user_id is not None
    clean = QueryDict(query, mutable=True)
    for transient in ("after", "before", "csrfmiddlewaretoken"):
        clean.pop(transient, None)
    mine = {"owner_id": by.user_id, "page": page, "name": name.strip()}
    view: SavedView | None = SavedView.objects.filter(**mine).first()
    if view is None:
        return insert(SavedView(**mine, query=clean.urlencode()))
    view.query = clean.urlencode()
    validated(view)
    view.save()
    return view


def delete_view(*, by: Actor, pk: int) -> None:
    """Delete one of the actor's own saved views."""
    if SavedView.objects.permitted(by, "change").filter(pk=pk).delete()[0] == 0:
        raise Missing


# --- API tokens ---------------------------------------------------------------------------------------------------


def hash_token(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_token(*, by: Actor, name: str, scopes: Sequence[str], days: int) -> tuple[ApiToken, str]:
    """Make an API token for the actor; return it with its secret, which is shown this once."""
    assert by.user_id is not None
    if lacking := [code for code in scopes if not by.may(code)]:
        raise Forbidden(_("您自己没有这些权限，不能授予密钥：%(codes)s") % {"codes": "、".join(lacking)})
    if not scopes:
        raise Invalid(_("请至少选择一项权限。"), fields={"scopes": [_("请至少选择一项权限。")]})
    secret = f"yf_{secrets.token_urlsafe(32)}"
    token = ApiToken(
        owner_id=by.user_id, name=name, mark=secret[:9], secret_hash=hash_token(secret), scopes=sorted(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )  # fmt: skip
    return add(token, by=by, verb="core.token.created", data={"scopes": token.scopes}), secret


@transaction.atomic
def revoke_token(*, by: Actor, pk: int) -> None:
    """Make a token of the actor useless at once."""
    token = ApiToken.objects.permitted(by, "change").filter(pk=pk, revoked_at=None).first()
    if (
        token is None
        or ApiToken.objects.filter(pk=pk, revoked_at=None).update(revoked_at=timezone.now()) != 1
    ):
        raise Missing
    events.record(by=by, verb="core.token.revoked", obj=token)


def touch_token(token: ApiToken, now: datetime) -> None:
    """Note when a token was last used, once a minute at most."""
    if token.used_at is None or now - token.used_at > timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(used_at=now)


# --- passwords ----------------------------------------------------------------------------------------------------


def set_password(user: User, password: str) -> None:
    """Give an account a new password; sessions opened with the old one end by themselves."""
    user.set_password(password)
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password", "password_changed_at"])
