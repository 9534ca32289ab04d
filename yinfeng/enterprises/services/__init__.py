"""Every change to the enterprise library."""

from yinfeng.enterprises.services.importing import tag_batch, withdraw_tags, write_batch
from yinfeng.enterprises.services.records import (
    CONTACT_FIELDS,
    EDITABLE,
    add_contact,
    add_enterprise,
    add_former_name,
    change_contact,
    change_enterprise,
    mark_verified,
    prepared,
    relate,
    remove_contact,
    unmask_phone,
    unrelate,
)

__all__ = [
    "CONTACT_FIELDS",
    "EDITABLE",
    "add_contact",
    "add_enterprise",
    "add_former_name",
    "change_contact",
    "change_enterprise",
    "mark_verified",
    "prepared",
    "relate",
    "remove_contact",
    "tag_batch",
    "unmask_phone",
    "unrelate",
    "withdraw_tags",
    "write_batch",
]
