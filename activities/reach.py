"""Whom an alarm has reached: who was told in the same instant, and what telling a level has come to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from punctual.channels import CHANNELS
from punctual.policy import Policy
from punctual.protocol import Pending, Ref
from punctual.timeline import Step
from punctual.wire import delta
from store import entities, inbox, ledger
from store.engine import Connection

Fate = tuple[str, str | None]
"""An outcome and its reason."""
UNREACHABLE: Fate = ("withheld", "unreachable")
ALARMS = ("overdue", "escalation")
# Levels that meet are a microsecond apart, so that they are told in their order.
MEETING = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Before:
    """Who of some people was told of the same chain in this very instant, and what came of it."""

    people: frozenset[str] = frozenset()
    fate: Fate = ("sent", None)


async def told_just_now(db: Connection, ref: Ref, step: Step, people: Collection[str]) -> Before:
    """Levels that meet in one instant tell nobody twice."""
    if step.stage != "escalation":
        return Before()
    anchor = step.key.partition("-level-")[0]
    found = await entities.entries_beginning(db, ref, anchor)
    chain = [entry for entry in found if entry.step.key == anchor or entry.step.key.startswith(f"{anchor}-level-")]
    fired = [entry for entry in chain if entry.is_fired]
    if not fired:
        return Before()
    since = step.due_at - MEETING
    keys = [entry.step.key for entry in fired]
    told = await inbox.readers(db, ref, keys, since=since, among=people)
    was_heard = any(entry.outcome == "sent" and (entry.at or entry.step.due_at) >= since for entry in fired)
    return Before(frozenset(told), ("sent", None) if was_heard else UNREACHABLE)


async def judged(db: Connection, ref: Ref, step: Step, policy: Policy, before: Before, *, told: bool) -> Fate:
    """What telling a step has come to, by all the rows that it has left; `told`: somebody was told just now."""
    is_level = step.stage in ALARMS and bool(policy.escalation.levels)
    if told and not is_level:
        return "sent", None
    rows = await ledger.fates(db, ref, step.key)
    if not any(row.written for row in rows):
        if any(row.outcome == "superseded" for row in rows):
            return before.fate
        return "withheld", max((row.reason for row in rows if row.reason), default="unreachable")
    return ("sent", None) if not is_level or _is_heard(rows) else UNREACHABLE


def _is_heard(rows: Collection[ledger.Fate]) -> bool:
    """Whether anybody hears of it outside of the inbox; where no such channel is on at all, the inbox has to do."""
    slow = [row for row in rows if CHANNELS[row.channel].slow]
    return any(row.outcome != "withheld" for row in slow) or all(row.reason == "channel_off" for row in slow)


def pending(step: Step, channel: str, policy: Policy) -> Pending:
    """What a channel still has to send of a step; an alarm that is long overdue alarms nobody any more."""
    until = step.due_at + delta(policy.late_cutoff) if step.stage in ALARMS else None
    return Pending(key=step.key, channel=channel, announces=step.announces, until=until)
