"""`compose`: one step becomes words for each person it concerns, in one transaction with its ledger rows."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
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
from punctual.protocol import Composed, ComposeRequest, Ref
from punctual.wire import delta
from store import directory, entities, inbox, ledger, policies
from store.directory import User
from store.engine import Connection, Database
from store.entities import Entity, Told
from store.inbox import Notification
from store.ledger import Delivery


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
            if told.outcome == "planned":
                outcome, reason = await self._fire(db, ref, entity, told, now)
                state = "overdue" if told.step.stage == "overdue" and entity.state == "open" else entity.state
                await entities.settle(db, ref, request.key, outcome, reason, now)
                await entities.advance(db, ref, state)
            else:
                outcome, reason, state = told.outcome, told.reason, entity.state
            pending = await ledger.open_channels(db, ref, request.key)
            messages = await self._messages(db, ref, request.key) if outcome == "sent" else []
        for channel in self._channels.values():
            if messages and not CHANNELS[channel.name].slow:
                await channel.announce(messages)
        return Composed(outcome=outcome, reason=reason, stage=state, pending=pending)

    async def _fire(
        self, db: Connection, ref: Ref, entity: Entity, told: Told, now: datetime
    ) -> tuple[str, str | None]:
        policy = await policies.get(db, ref.tenant, ref.kind)
        if _too_late(told, policy, now):
            return "skipped", "late"
        notice = self._notices[told.step.type]
        snapshot = entity.snapshot or {}
        meant = await self._audience(db, ref, notice, told, policy, snapshot)
        people = await directory.get(db, ref.tenant, meant)
        rows = [_withheld(ref, told, id_, "unknown_user", now) for id_ in meant if id_ not in people]
        rows += [_withheld(ref, told, user.id, "inactive", now) for user in people.values() if not user.active]
        users = [user for user in people.values() if user.active]
        written = [self._write(ref, told, notice, snapshot, user, now) for user in users]
        await inbox.add(db, ref.tenant, written)
        rows += await self._deliveries(db, ref, users, written, now)
        await ledger.add(db, ref, rows)
        await inbox.bump(db, ref.tenant, [user.id for user in users])
        if users:
            return "sent", None
        return "withheld", next((row.reason for row in rows), "unreachable")

    async def _audience(
        self, db: Connection, ref: Ref, notice: Notice, told: Told, policy: Policy, snapshot: dict[str, Any]
    ) -> list[str]:
        meant = named(notice.about.audience, snapshot)
        if told.step.stage in policy.copy_managers_on:
            people = await directory.get(db, ref.tenant, meant)
            managers = [people[id_].manager_id for id_ in meant if id_ in people]
            meant = list(dict.fromkeys(meant + [id_ for id_ in managers if id_]))
        return meant

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
        rows = []
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
                rows.append(
                    Delivery(
                        row_id(ref, note.step_key, user.id, name),
                        user.id,
                        name,
                        note.step_key,
                        note.id,
                        outcome,
                        reason,
                        now,
                    )
                )
        return rows

    async def _messages(self, db: Connection, ref: Ref, step_key: str) -> list[Message]:
        """What the fast channels have to say; read back, so that a repetition says the same."""
        notes = await inbox.of_step(db, ref.tenant, ref.kind, ref.id, step_key)
        people = await directory.get(db, ref.tenant, [note.user_id for note in notes])
        unread = await inbox.unread(db, ref.tenant, list(people))
        return [
            Message(
                tenant=ref.tenant, delivery_id="", user=people[note.user_id], notification=note, collapse="",
                unread=unread[note.user_id], version=await inbox.version(db, ref.tenant, note.user_id),
            )
            for note in notes if note.user_id in people
        ]  # fmt: skip


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
