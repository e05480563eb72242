"""Asked when a delivery is claimed: what its user has chosen, and what has happened, since it was written down."""

from collections.abc import Mapping
from datetime import datetime

from activities import holding
from activities.travel import about_of
from catalogue import Notice
from punctual.preferences import decide
from punctual.protocol import DIGEST, QUIET_HOURS, Ref
from punctual.quiet_hours import quiet_until
from store import held, ledger, preferences, waiting
from store.directory import User
from store.engine import Connection
from store.inbox import Notification
from store.ledger import Delivery

Ends = dict[str, datetime]
"""For whom something waits again, and until when."""


async def changed(
    db: Connection, ref: Ref, row: Delivery, note: Notification, user: User, notices: Mapping[str, Notice],
    now: datetime,
) -> Ends | None:  # fmt: skip
    """None: it is to be sent. Else it is not sent now, and its row says why or until when."""
    if ref.kind == DIGEST:
        return None  # The user chose the time.
    chosen = (await preferences.of(db, ref.tenant, [user.id]))[user.id]
    if ref.kind == QUIET_HOURS:
        until = quiet_until(chosen.quiet_hours, user.timezone, now)
        if until is None and not (row.attempts == 0 and await waiting.is_stale(db, ref.tenant, row.id, now)):
            return None
        # What is left of it is gathered anew.
        await waiting.let_go(db, ref.tenant, row.id, until or now)
        await ledger.settle(db, ref.tenant, row.id, "superseded", "replanned", now, {})
        return {user.id: until or now}
    if row.attempts == 0 and not note.listed and await _was_taken_out(db, ref.tenant, row.id):
        is_over = note.expires_at is not None and note.expires_at <= now
        outcome, reason = ("expired", "expired") if is_over else holding.STALE
        await ledger.settle(db, ref.tenant, row.id, outcome, reason, now, {})
        return {}
    notice = notices.get(note.type)
    if notice is None:
        return None
    decision = decide(chosen, row.channel, about_of(notice, note), user.timezone, now)
    if decision.outcome == "planned":
        until = holding.sleeps_until(row.channel, note, now)
        if until is None:
            return None
        await waiting.put_off(db, ref.tenant, row.id, "snoozed", until)
        return {user.id: until}
    if decision.until is None:
        fate = row.instead_of("withheld", decision.reason)
        await ledger.settle(db, ref.tenant, row.id, *fate, now, row.progress or {})
        return {}
    assert decision.reason != "preference"
    await waiting.put_off(db, ref.tenant, row.id, decision.reason or "quiet_hours", decision.until)
    return {user.id: decision.until} if decision.reason == "quiet_hours" else {}


async def _was_taken_out(db: Connection, tenant: str, id_: str) -> bool:
    """Of a delivery whose notification is not in the inbox: whether it once was."""
    return (await held.known(db, tenant, [id_]))[id_].reached_inbox
