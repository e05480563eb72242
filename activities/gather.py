"""`gather`: what somebody's quiet hours held back, or they had snoozed, becomes one message, or one summary, by each
channel."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from temporalio import activity

from activities import clock, holding
from activities.holding import Fate, Held
from activities.travel import about_of
from activities.writing import Writer
from catalogue import Notice
from punctual.preferences import ORDER, Preferences, decide
from punctual.protocol import Gathered, GatherRequest, Pending, Ref
from punctual.timeline import Entry, Step
from punctual.wire import stamp
from store import directory, inbox, ledger, preferences, waiting
from store.directory import User
from store.engine import Connection, Database, parts
from store.inbox import Notification
from store.keys import row_id
from store.ledger import Delivery
from store.waiting import Reason

SUMMARY = "quiet_hours.summary"
MOST_TITLES = 20


class Gather:
    """Decides again about all that waits, and writes down what brings the rest."""

    def __init__(self, database: Database, notices: Mapping[str, Notice], action_hosts: Collection[str]) -> None:
        self._database = database
        self._notices = notices
        self._writer = Writer(notices, action_hosts)

    @activity.defn(name="gather")
    async def gather(self, request: GatherRequest) -> Gathered:
        """One transaction; what it wrote before and is not sent yet is named again."""
        # Due is what was due when it was asked: an attempt that comes again later finds what the first one found.
        now, ref = clock.now(request.now), request.ref
        async with self._database.write() as db:
            user = (await directory.get(db, ref.tenant, [ref.id], keep=True)).get(ref.id)
            held = await holding.due(db, ref.tenant, ref.id, *waiting.ALONE, now=now, due_by=request.now)
            if user is not None and user.active:
                chosen = (await preferences.of(db, ref.tenant, [ref.id]))[ref.id]
                ready = await self._decide_again(db, ref.tenant, held, user, chosen, now)
                # By channel, each in the order in which it was told.
                ready.sort(key=lambda item: item.row.channel)
                for channel, items in groupby(ready, key=lambda item: item.row.channel):
                    await self._bundle(db, ref, user, channel, list(items), request.now, now)
            else:
                reason = "unknown_user" if user is None else "inactive"
                await holding.settle(db, ref.tenant, [(item.row.id, ("withheld", reason)) for item in held], now)
            sends = await ledger.open_sends(db, ref)
            pending = [await self._pending(db, ref, key, channel) for key, channel in sends]
            return Gathered(pending=pending, next_at=await waiting.next_end(db, ref.tenant, ref.id))

    async def _decide_again(
        self, db: Connection, tenant: str, held: Sequence[Held], user: User, chosen: Preferences, now: datetime
    ) -> list[Held]:
        """What may be sent now; the user may have chosen anew since, or be in another zone."""
        ready: list[Held] = []
        fates: list[tuple[str, Fate]] = []
        later: dict[tuple[Reason, datetime], list[str]] = defaultdict(list)
        for item in held:
            notice = self._notices.get(item.note.type)
            if notice is None:
                fates.append((item.row.id, ("failed", "rejected")))
                continue
            decision = decide(chosen, item.row.channel, about_of(notice, item.note), user.timezone, now)
            if decision.outcome == "planned":
                ready.append(item)
            elif decision.outcome == "withheld":
                fates.append((item.row.id, ("withheld", decision.reason)))
            else:
                assert decision.until is not None and decision.reason != "preference"
                later[decision.reason or "quiet_hours", decision.until].append(item.row.id)
        await holding.settle(db, tenant, fates, now)
        for (reason, until), ids in later.items():
            for part in parts(ids):
                await waiting.postpone(db, tenant, part, reason, until)
        return ready

    async def _bundle(
        self, db: Connection, ref: Ref, user: User, channel: str, items: Sequence[Held], at: datetime, now: datetime
    ) -> None:
        """One delivery that brings all of `items`."""
        key = f"{stamp(at)}-{channel}-{items[0].row.id[:8]}"
        note = items[0].note
        if len(items) > 1:
            note = self._summary(ref, user, key, items, now)
            await inbox.add(db, ref.tenant, [note])
        carrier = row_id(ref, key, user.id, channel)
        row = Delivery(
            carrier, user.id, channel, key, note.id, "planned", None, now, type=note.type, priority=note.priority
        )
        await ledger.add(db, ref, [row])
        for part in parts([item.row.id for item in items]):
            await waiting.carry(db, ref.tenant, part, carrier)

    def _summary(self, ref: Ref, user: User, key: str, items: Sequence[Held], now: datetime) -> Notification:
        notice = self._notices[SUMMARY]
        step = Step(key=key, type=SUMMARY, stage="notice", due_at=now)
        titles = [item.note.title for item in items[-MOST_TITLES:]]
        data: dict[str, Any] = {"user_id": user.id, "count": len(items), "titles": titles, "action_url": "/inbox"}
        written = self._writer.write(ref, Entry(step), notice, data, user, now, late=False)
        return replace(written, priority=max((item.note.priority for item in items), key=ORDER.index), listed=False)

    async def _pending(self, db: Connection, ref: Ref, key: str, channel: str) -> Pending:
        """What one delivery brings, until the last of it is pointless."""
        carrier = row_id(ref, key, ref.id, channel)
        until = await waiting.pointless_at(db, ref.tenant, carrier)
        return Pending(key=key, channel=channel, announces=until)
