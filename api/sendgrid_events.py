"""SendGrid's events, and what each means for a delivery, an address or a person."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from punctual.wire import Id
from resources import Resources
from store import receipts
from store.engine import Connection, parts
from store.receipts import Recipient, What
from store.suppressions import ALL

_AT_ONCE = 100
_LATEST = 253_402_300_799
_HEARD: dict[str, What] = {"processed": "sent", "delivered": "delivered", "open": "opened", "click": "clicked"}
_DROPPED_FOR = {"bounced address": "bounced", "spam reporting address": "complaint", "invalid": "invalid"}
"""Why SendGrid itself no longer mails to an address."""
_UNSUBSCRIBED = ("unsubscribe", "group_unsubscribe")
_CODES = re.compile(r"\b([45]\d\d)\b|\b([45]\.\d{1,3}\.\d{1,3})\b")


def _clean(text: str) -> str:
    """Without what no database takes: one such text must not keep out all the others, again and again."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


Text = Annotated[str, AfterValidator(_clean)]


class Event(BaseModel):
    """What we read of one event; what else it holds is of no concern."""

    model_config = ConfigDict(frozen=True)

    event: Text
    timestamp: Annotated[int, Field(ge=0, le=_LATEST)]
    """In seconds since 1970."""
    punctual_tenant: Id
    punctual_delivery: Id
    sg_event_id: Text = ""
    sg_machine_open: bool = False
    """The reader's mail service fetched the pictures, whoever reads the mail."""
    email: Text = ""
    type: Text = ""
    reason: Text = ""
    status: Text = ""

    @property
    def heard(self) -> What | None:
        """How far the delivery has come."""
        return "delivered" if self.event == "open" and self.sg_machine_open else _HEARD.get(self.event)

    @property
    def refusal(self) -> str | None:
        """Why the mail will never arrive: in codes alone, for servers quote addresses."""
        if self.event == "dropped":
            return f"dropped: {_DROPPED_FOR.get(self.reason.strip().casefold(), 'not sent')}"
        if self.event != "bounce":
            return None
        codes = [found.group() for found in _CODES.finditer(f"{self.reason} {self.status}"[:2000])]
        return " ".join(list(dict.fromkeys(codes))[:2]) or self.type[:20] or "bounced"

    @property
    def stops(self) -> str | None:
        """Why the address gets no more mail; None where it still does."""
        if self.event == "spamreport":
            return "complaint"
        if self.event == "dropped":
            return _DROPPED_FOR.get(self.reason.strip().casefold())
        # `blocked` is about this mail, or about us, and passes.
        return self.refusal if self.event == "bounce" and self.type == "bounce" else None


def parse(rows: Sequence[Any]) -> list[Event]:
    """The events that are about deliveries, each once, by delivery; others and malformed ones are left out."""
    found: dict[Event, None] = {}
    for row in rows:
        try:
            given = {name: value for name, value in row.items() if value is not None}
            found[Event.model_validate(given)] = None
        except (AttributeError, ValidationError):
            continue
    return sorted(found, key=lambda event: (event.punctual_tenant, event.punctual_delivery, event.timestamp))


async def apply(ours: Resources, events: Sequence[Event], now: datetime) -> None:
    """Does what the events mean, a hundred a transaction; again, it changes nothing more."""
    for tenant, its in groupby(events, key=lambda event: event.punctual_tenant):
        for part in parts(list(its), _AT_ONCE):
            async with ours.database.write() as db:
                ids = {event.punctual_delivery for event in part}
                known = await receipts.recipients(db, tenant, "email", ids)
                for event in part:
                    if event.punctual_delivery in known:
                        await _apply(ours, db, event, known[event.punctual_delivery], now)


async def _apply(ours: Resources, db: Connection, event: Event, to: Recipient, now: datetime) -> None:
    tenant, id_ = event.punctual_tenant, event.punctual_delivery
    # That mail had failed, and another was sent after it.
    is_former = to.retried_at is not None and event.timestamp < int(to.retried_at.timestamp())
    if is_former and event.heard not in receipts.PROVES_ARRIVAL:
        return
    at = min(datetime.fromtimestamp(event.timestamp, UTC), now)
    at = max(at, to.created_at) if to.created_at else at
    if event.heard is not None:
        await receipts.heard(db, tenant, id_, event.heard, at)
    if event.refusal is not None:
        await receipts.refused(db, tenant, id_, event.refusal, at)
    if event.stops is None and event.event not in _UNSUBSCRIBED:
        return
    # A mail comes back once, whatever is said of it later, and a copy is no second wish: neither must stop again
    # what somebody has taken back meanwhile.
    is_unsubscribed = event.event in _UNSUBSCRIBED
    wish = event.sg_event_id[:100] or f"{event.event} {event.timestamp}"
    if not await receipts.is_news(db, tenant, id_, wish if is_unsubscribed else "stopped"):
        return
    if is_unsubscribed:
        await ours.suppressions.unsubscribe(db, tenant, to.user_id, ALL, at)
    elif event.stops is not None and event.email:
        await ours.suppressions.bounced(db, tenant, event.email, at, event.stops)
