"""Words and names out of a calendar, as they may stand in an entity."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from icalendar import Component

from punctual.wire import ID_PATTERN

_ID = re.compile(ID_PATTERN)
_LONGEST_ID = 128 - len("~20260301T090000Z")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]+")


def base_id(uid: str) -> str:
    """The entity id of a UID: itself where it is one (and leaves room for an instance's time), else its digest."""
    fits = len(uid) <= _LONGEST_ID and _ID.match(uid)
    return uid if fits else hashlib.sha256(uid.encode("utf-8", "replace")).hexdigest()[:32]


def shown_uid(uid: str) -> str:
    """A UID as it stands in an entity's metadata."""
    return text(uid, 300)


def text(value: Any, longest: int) -> str:
    """The first of an iCalendar property's values on one line, without control characters and overrides."""
    if isinstance(value, list):
        value = value[0]
    plain = _CONTROL.sub(" ", "" if value is None else str(value))
    return " ".join(plain.split())[:longest].rstrip()


def customer(component: Component) -> str:
    """The first attendee: by name, else by what stands before the @."""
    attendee = component.get("ATTENDEE")
    if isinstance(attendee, list):
        attendee = attendee[0]
    if attendee is None:
        return ""
    params: Mapping[str, Any] = getattr(attendee, "params", {})
    local = re.sub(r"^mailto:", "", str(attendee), flags=re.IGNORECASE).partition("@")[0]
    return text(params.get("CN"), 500) or text(local, 500)
