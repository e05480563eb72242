"""How notifications travel: what each person's preferences make of each channel, and the rows that say so."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from activities.channels.base import Channel
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.preferences import MUTED, About, Decision, concerns, decide
from punctual.protocol import Ref
from store import ledger, preferences
from store.directory import User
from store.engine import Connection
from store.inbox import Notification
from store.keys import row_id
from store.ledger import Delivery

LIVE = "websocket"
Decisions = Mapping[str, Decision]
"""What becomes of one notification, by channel."""


def about_of(notice: Notice, note: Notification) -> About:
    """What decides how a notification travels."""
    return About(note.type, note.category, note.priority, notice.about.mandatory, notice.about.digestible)


async def decided(
    db: Connection, tenant: str, notice: Notice, users: Sequence[User], notes: Sequence[Notification], now: datetime
) -> dict[str, Decisions]:
    """By user what becomes of their notification. What is not in the inbox is on no socket either."""
    chosen = await preferences.of(db, tenant, [user.id for user in users])
    found: dict[str, Decisions] = {}
    for user, note in zip(users, notes, strict=True):
        about = about_of(notice, note)
        names = [name for name in notice.about.channels if concerns(chosen[user.id], name, about)]
        decisions = {name: decide(chosen[user.id], name, about, user.timezone, now) for name in names}
        if LIVE in decisions and not _in_inbox(decisions):
            decisions[LIVE] = MUTED
        found[user.id] = decisions
    return found


def listed(note: Notification, decisions: Decisions) -> Notification:
    """The notification, out of the inbox where its user wants it nowhere near."""
    wanted = _in_inbox(decisions)
    return note if wanted == note.listed else replace(note, listed=wanted)


def is_muted(decisions: Decisions) -> bool:
    """Whether sockets say no more than that the inbox has changed."""
    return LIVE not in decisions or decisions[LIVE].outcome != "planned"


async def deliveries(
    db: Connection,
    ref: Ref,
    channels: Mapping[str, Channel],
    notice: Notice,
    users: Sequence[User],
    notes: Sequence[Notification],
    chosen: Mapping[str, Decisions],
    now: datetime,
) -> list[Delivery]:
    """A row for each person and each channel of the type: sent, still to be sent, put off, or why not."""
    names = dict.fromkeys(name for decisions in chosen.values() for name in decisions)
    # What is told to several in one step differs in its words only.
    about = about_of(notice, notes[0]) if notes else None
    blocked = {name: await channels[name].unreachable(db, ref.tenant, users, about) for name in names if about}
    spent = await _spent(db, ref.tenant, about, users, chosen, now) if about else {}
    rows: list[Delivery] = []
    for user, note in zip(users, notes, strict=True):
        for name, decision in chosen[user.id].items():
            obstacle = blocked[name].get(user.id) or ("budget" if user.id in spent.get(name, ()) else None)
            outcome, reason, until = _fate(name, decision, obstacle)
            id_ = row_id(ref, note.step_key, user.id, name)
            rows.append(
                Delivery(
                    id_, user.id, name, note.step_key, note.id, outcome, reason, now, due_at=until, type=note.type,
                    priority=note.priority,
                )
            )  # fmt: skip
    return rows


async def _spent(
    db: Connection, tenant: str, about: About, users: Sequence[User], chosen: Mapping[str, Decisions], now: datetime
) -> dict[str, frozenset[str]]:
    """By channel who has had as much of it in a day as anybody gets, but for what is urgent or mandatory."""
    if about.mandatory or about.priority == "urgent":
        return {}
    found: dict[str, frozenset[str]] = {}
    for name, spec in CHANNELS.items():
        sent_now = [user.id for user in users if getattr(chosen[user.id].get(name), "outcome", "") == "planned"]
        if spec.daily is not None and sent_now:
            since = now - timedelta(days=1)
            found[name] = await ledger.spent(db, tenant, sent_now, name, since, spec.daily)
    return found


def quiet_until(rows: Sequence[Delivery]) -> dict[str, datetime]:
    """Whose quiet hours hold back some of these, and until when."""
    return {row.user_id: row.due_at for row in rows if row.reason == "quiet_hours" and row.due_at is not None}


def _fate(name: str, decision: Decision, blocked: str | None) -> tuple[str, str | None, datetime | None]:
    if decision.outcome == "withheld" or blocked is None:
        is_done = decision.outcome == "planned" and not CHANNELS[name].slow
        return "sent" if is_done else decision.outcome, decision.reason, decision.until
    return "withheld", blocked, None


def _in_inbox(decisions: Decisions) -> bool:
    return "inbox" in decisions and decisions["inbox"].outcome == "planned"
