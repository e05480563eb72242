"""`compose`: one step becomes words for each person it concerns, in one transaction with its ledger rows."""

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from temporalio import activity

from activities import clock
from activities.channels.base import Channel, Message
from activities.rendering import allowed_link, render
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.people import named
from punctual.policy import Policy
from punctual.preferences import wanted
from punctual.protocol import Composed, ComposeRequest, Pending, Ref
from punctual.wire import delta
from store import directory, entities, inbox, ledger, policies
from store.directory import User
from store.engine import Connection, Database
from store.entities import Entity, Told
from store.inbox import Notification
from store.ledger import Delivery

HINT_SECONDS = 1


class Compose:
    """Decides to whom and by which channels, writes it down, and tells the fast channels."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        notices: Mapping[str, Notice],
        action_hosts: Collection[str],
    ) -> None:
        self._database = database
        self._channels = channels
        self._notices = notices
        self._action_hosts = action_hosts

    @activity.defn(name="compose")
    async def compose(self, request: ComposeRequest) -> Composed:
        """Fires a step once; asked again it answers as before, and only repeats its hints."""
        now = clock.now(request.now)
        ref = request.ref
        async with self._database.write() as db:
            entity = await entities.load(db, ref, lock=True)
            told = await entities.entry(db, ref, request.key)
            if entity is None or told is None:
                return Composed(outcome="superseded", reason="stale", stage="closed")
            state = entity.state
            if told.outcome != "planned":
                fired = _Fired(told.outcome, told.reason, await self._written_before(db, ref, request.key))
                channels = await ledger.open_channels(db, ref, request.key)
            else:
                fired = await self._fire(db, ref, entity, told, now)
                channels = fired.pending
                overdue = told.step.stage == "overdue" and fired.outcome != "skipped"
                state = "overdue" if overdue and state == "open" else state
                await entities.settle(db, ref, request.key, fired.outcome, fired.reason, now)
                await entities.advance(db, ref, state)
        if fired.messages:
            await self._announce(fired.messages)
        pending = [Pending(key=request.key, channel=name, announces=told.step.announces) for name in channels]
        return Composed(outcome=fired.outcome, reason=fired.reason, stage=state, pending=pending)

    async def _announce(self, messages: Sequence[Message]) -> None:
        """Hints; whoever carries them may be slow or gone, and nobody waits for that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HINT_SECONDS):
                for name, channel in self._channels.items():
                    if not CHANNELS[name].slow:
                        await channel.announce(messages)

    async def _fire(self, db: Connection, ref: Ref, entity: Entity, told: Told, now: datetime) -> "_Fired":
        policy = await policies.get(db, ref.tenant, ref.kind)
        if _too_late(told, policy, now):
            return _Fired("skipped", "late")
        notice, snapshot = self._notices[told.step.type], entity.snapshot or {}
        people = await self._audience(db, ref, notice, told, policy, snapshot)
        rows = [_withheld(ref, told, id_, "unknown_user", now) for id_, user in people.items() if user is None]
        found = [user for user in people.values() if user is not None]
        rows += [_withheld(ref, told, user.id, "inactive", now) for user in found if not user.active]
        users = [user for user in found if user.active]
        if not users:
            await ledger.add(db, ref, rows)
            return _Fired("withheld", next((row.reason for row in rows), "unreachable"))
        notes = [self._write(ref, told, notice, snapshot, user, now) for user in users]
        await inbox.add(db, ref.tenant, notes)
        rows += await self._deliveries(db, ref, users, notes, now)
        await ledger.add(db, ref, rows)
        ids = [user.id for user in users]
        versions, unread = await inbox.bump(db, ref.tenant, ids), await inbox.unread(db, ref.tenant, ids)
        messages = [
            Message(
                tenant=ref.tenant, delivery_id=row_id(ref, note.step_key, user.id, "websocket"), user=user,
                notification=note, collapse="", unread=unread[user.id], version=versions[user.id],
            )
            for user, note in zip(users, notes, strict=True)
        ]  # fmt: skip
        return _Fired("sent", None, messages, sorted({row.channel for row in rows if row.outcome == "planned"}))

    async def _audience(
        self, db: Connection, ref: Ref, notice: Notice, told: Told, policy: Policy, snapshot: dict[str, Any]
    ) -> dict[str, User | None]:
        """Whom it concerns, in order; None for who is not in the directory."""
        meant = named(notice.about.audience, snapshot)
        people = await directory.get(db, ref.tenant, meant, keep=True)
        if told.step.stage in policy.copy_managers_on:
            above = (people[id_].manager_id for id_ in meant if id_ in people)
            managers = [id_ for id_ in dict.fromkeys(above) if id_ and id_ not in meant]
            people |= await directory.get(db, ref.tenant, managers, keep=True)
            meant += managers
        return {id_: people.get(id_) for id_ in meant}

    def _write(
        self, ref: Ref, told: Told, notice: Notice, snapshot: dict[str, Any], user: User, now: datetime
    ) -> Notification:
        title, message, action_text = render(
            notice, snapshot, locale=user.locale, timezone=user.timezone, now=now
        )  # fmt: skip
        url = allowed_link(snapshot.get("action_url"), self._action_hosts)
        return Notification(
            id=row_id(ref, told.step.key, user.id, ""),
            user_id=user.id, kind=ref.kind, entity_id=ref.id, step_key=told.step.key,
            type=notice.type, category=notice.about.category, priority=notice.about.priority,
            title=title, message=message, action_url=url, action_text=action_text if url else None,
            actions=[{"action": "open", "title": action_text}] if url else [],
            metadata=snapshot.get("metadata", {}), listed=True, created_at=now,
        )  # fmt: skip

    async def _deliveries(
        self, db: Connection, ref: Ref, users: Sequence[User], written: Sequence[Notification], now: datetime
    ) -> list[Delivery]:
        """A row for each person and channel: sent, still to be sent, or why not."""
        rows: list[Delivery] = []
        outcome: str
        reason: str | None
        for name, spec in CHANNELS.items():
            blocked = await self._channels[name].unreachable(db, ref.tenant, users)
            for user, note in zip(users, written, strict=True):
                if not wanted(name, note.priority):
                    outcome, reason = "withheld", "preference"
                elif user.id in blocked:
                    outcome, reason = "withheld", blocked[user.id]
                else:
                    outcome, reason = ("planned", None) if spec.slow else ("sent", None)
                id_ = row_id(ref, note.step_key, user.id, name)
                rows.append(Delivery(id_, user.id, name, note.step_key, note.id, outcome, reason, now))
        return rows

    async def _written_before(self, db: Connection, ref: Ref, step_key: str) -> list[Message]:
        """What an earlier attempt wrote and perhaps did not live to announce."""
        notes = await inbox.of_step(db, ref.tenant, ref.kind, ref.id, step_key)
        people = await directory.get(db, ref.tenant, [note.user_id for note in notes])
        unread = await inbox.unread(db, ref.tenant, list(people))
        return [
            Message(
                tenant=ref.tenant, delivery_id=row_id(ref, step_key, note.user_id, "websocket"),
                user=people[note.user_id], notification=note, collapse="", unread=unread[note.user_id],
                version=await inbox.version(db, ref.tenant, note.user_id),
            )
            for note in notes if note.user_id in people
        ]  # fmt: skip


@dataclass(frozen=True)
class _Fired:
    """What firing a step came to: what fast channels have to say, and which slow ones have something to send."""

    outcome: str
    reason: str | None
    messages: Sequence[Message] = ()
    pending: list[str] = field(default_factory=list)


def row_id(ref: Ref, step_key: str, user_id: str, channel: str) -> str:
    """The id of a row of this step for this person: the same whenever it is asked for."""
    name = "\0".join((ref.workflow_id, step_key, user_id, channel))
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _too_late(told: Told, policy: Policy, now: datetime) -> bool:
    step = told.step
    if step.stage == "notice":
        return False
    if step.announces is not None and now >= step.announces:
        return True
    return now - step.due_at > delta(policy.late_cutoff)


def _withheld(ref: Ref, told: Told, user_id: str, reason: str, now: datetime) -> Delivery:
    key = told.step.key
    return Delivery(row_id(ref, key, user_id, "inbox"), user_id, "inbox", key, None, "withheld", reason, now)
