"""Every change to the enterprise library."""

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
    write_batch,
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
    "unmask_phone",
    "unrelate",
    "write_batch",
]
