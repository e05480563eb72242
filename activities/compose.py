"""`compose`: one step becomes words for each person it concerns, in one transaction with its ledger rows."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from temporalio import activity

from activities import audience, clock
from activities.channels.base import Channel, Message
from activities.writing import Writer, data_of
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.escalation import after_telling, stage_of
from punctual.notification import Recipients
from punctual.policy import Policy
from punctual.preferences import wanted
from punctual.protocol import Composed, ComposeRequest, Pending, Ref
from punctual.registry import KINDS
from punctual.timeline import PROMPT, Entry, Step
from punctual.wire import delta
from store import directory, entities, inbox, ledger, policies
from store.directory import User
from store.engine import Connection, Database
from store.entities import Entity
from store.inbox import Notification
from store.keys import row_id
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
        self._writer = Writer(notices, action_hosts)

    @activity.defn(name="compose")
    async def compose(self, request: ComposeRequest) -> Composed:
        """Fires a step once, to many page by page; asked again it answers as before, and only repeats its hints."""
        now = clock.now(request.now)
        ref, key = request.ref, request.key
        async with self._database.write() as db:
            entity = await entities.load(db, ref, lock=True)
            told = await entities.entry(db, ref, key)
            if entity is None or told is None:
                return Composed(outcome="superseded", reason="stale", stage="closed")
            if told.is_open:
                fired = await self._fire(db, ref, entity, told, now, request.after)
                state = after_telling(stage_of(entity.state), told.step, fired.outcome)
                if fired.more is None:
                    if not KINDS[ref.kind].lasts:
                        state = "closed"
                    await entities.settle(db, ref, key, fired.outcome, fired.reason, now)
                    await entities.advance(db, ref, state)
            else:
                fired = _Fired(told.outcome, told.reason, await self._written_before(db, ref, key))
                state = stage_of(entity.state)
            channels = await ledger.open_channels(db, ref, key)
        if fired.messages:
            await self._announce(fired.messages)
        pending = [Pending(key=key, channel=name, announces=told.step.announces) for name in channels]
        return Composed(
            outcome=fired.outcome, reason=fired.reason, stage=state, pending=[] if fired.more else pending,
            more=fired.more, replan=_moves_what_follows(told.step, fired, now),
        )  # fmt: skip

    async def _announce(self, messages: Sequence[Message]) -> None:
        """Hints; whoever carries them may be slow or gone, and nobody waits for that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(HINT_SECONDS):
                for name, channel in self._channels.items():
                    if not CHANNELS[name].slow:
                        await channel.announce(messages)

    async def _fire(
        self, db: Connection, ref: Ref, entity: Entity, told: Entry, now: datetime, after: str | None
    ) -> "_Fired":
        policy = await policies.of_version(db, ref.tenant, ref.kind, entity.policy_version)
        missed = _missed(told.step, policy, now)
        if missed is not None:
            return _Fired(*missed)
        notice = self._notices.get(told.step.type)
        if notice is None:
            return _Fired("failed", "rejected")
        data = await data_of(db, ref, entity, told, notice)
        meant = await self._audience(db, ref, notice, told, policy, data, after)
        rows = [_row(ref, told, id_, "withheld", "unknown_user", now) for id_, who in meant.people.items() if not who]
        found = [user for user in meant.people.values() if user is not None]
        rows += [_row(ref, told, user.id, "withheld", "inactive", now) for user in found if not user.active]
        before = await _told_just_now(db, ref, told.step)
        rows += [_row(ref, told, user.id, "superseded", "stale", now) for user in found if user.id in before.people]
        users = [user for user in found if user.active and user.id not in before.people]
        if not users:
            await ledger.add(db, ref, rows)
            if any(row.outcome == "superseded" for row in rows):
                return _Fired(*before.outcome)
            outcome = ("sent", None) if after else ("withheld", next((row.reason for row in rows), "unreachable"))
            return _Fired(*outcome, more=meant.more)
        notes = [self._writer.write(ref, told, notice, data, user, now) for user in users]
        await inbox.add(db, ref.tenant, notes)
        sends = await self._deliveries(db, ref, notice, users, notes, now)
        await ledger.add(db, ref, rows + sends)
        ids = [user.id for user in users]
        versions, unread = await inbox.bump(db, ref.tenant, ids), await inbox.unread(db, ref.tenant, ids)
        messages = [
            Message(
                tenant=ref.tenant, delivery_id=row_id(ref, note.step_key, user.id, "websocket"), user=user,
                notification=note, collapse="", unread=unread[user.id], version=versions[user.id],
            )
            for user, note in zip(users, notes, strict=True)
        ]  # fmt: skip
        if told.step.stage in ("overdue", "escalation") and policy.escalation.levels and not _reached(sends):
            return _Fired("withheld", "unreachable", messages)
        return _Fired("sent", None, messages, more=meant.more)

    async def _audience(
        self, db: Connection, ref: Ref, notice: Notice, told: Entry, policy: Policy, data: dict[str, Any],
        after: str | None,
    ) -> audience.Audience:  # fmt: skip
        """Whom it concerns: the event's own recipients, the escalation's level, or whom the notice is for."""
        named = data.get("recipients") if ref.kind == "notification" else None
        if named:
            words = Recipients.model_validate(named).words
        else:
            words = [told.step.to] if told.step.to else notice.audience(data)
        return await audience.resolve(
            db, ref, words, data, after=after or "", without=notice.spared(data),
            copies=told.step.stage in policy.copy_managers_on,
        )  # fmt: skip

    async def _deliveries(
        self, db: Connection, ref: Ref, notice: Notice, users: Sequence[User], written: Sequence[Notification],
        now: datetime,
    ) -> list[Delivery]:  # fmt: skip
        """A row for each person and each channel of the type: sent, still to be sent, or why not."""
        rows: list[Delivery] = []
        outcome: str
        reason: str | None
        for name in notice.about.channels:
            spec = CHANNELS[name]
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
    """What firing a step came to, and what fast channels have to say; the audience goes on after `more`."""

    outcome: str
    reason: str | None
    messages: Sequence[Message] = ()
    more: str | None = None


@dataclass(frozen=True)
class _Before:
    """Who of a chain was told in this very instant, and what came of it."""

    people: frozenset[str] = frozenset()
    outcome: tuple[str, str | None] = ("sent", None)


async def _told_just_now(db: Connection, ref: Ref, step: Step) -> _Before:
    """Levels that meet in one instant tell nobody twice."""
    if step.stage != "escalation":
        return _Before()
    anchor = step.key.partition("-level-")[0]
    fired = [
        entry
        for entry in await entities.entries(db, ref)
        if entry.is_fired and (entry.step.key == anchor or entry.step.key.startswith(f"{anchor}-level-"))
    ]
    if not fired:
        return _Before()
    people = await inbox.readers(db, ref, [entry.step.key for entry in fired], since=step.due_at)
    last = max(fired, key=lambda entry: (entry.at or entry.step.due_at, entry.step.due_at))
    return _Before(frozenset(people), ("withheld", "unreachable") if last.was_passed else ("sent", None))


def _reached(sends: Sequence[Delivery]) -> bool:
    """Whether anybody hears of it outside of the inbox; where no such channel is on at all, the inbox has to do."""
    slow = [row for row in sends if CHANNELS[row.channel].slow]
    return any(row.outcome == "planned" for row in slow) or all(row.reason == "channel_off" for row in slow)


def _missed(step: Step, policy: Policy, now: datetime) -> tuple[str, str] | None:
    """The fate of a step whose moment has passed, or None."""
    if step.announces is not None and now >= step.announces:
        return ("expired", "expired") if step.stage == "notice" else ("skipped", "late")
    bounded = step.stage not in ("notice", "exhausted")
    return ("skipped", "late") if bounded and now - step.due_at > delta(policy.late_cutoff) else None


def _moves_what_follows(step: Step, fired: _Fired, now: datetime) -> bool:
    """Whether the levels after this one are due at other instants than were planned."""
    if step.stage not in ("overdue", "escalation"):
        return False
    return fired.outcome == "withheld" or now - step.due_at >= PROMPT


def _row(ref: Ref, told: Entry, user_id: str, outcome: str, reason: str, now: datetime) -> Delivery:
    """Why somebody finds nothing of this step in the inbox."""
    key = told.step.key
    return Delivery(row_id(ref, key, user_id, "inbox"), user_id, "inbox", key, None, outcome, reason, now)
