"""`compose`: one step becomes words for each person it concerns, in one transaction with its ledger rows."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from temporalio import activity

from activities import audience, clock, hints, quiet, reach, travel
from activities.channels.base import Channel, Message
from activities.writing import Writer, can_be_acknowledged, data_of
from catalogue import Notice
from punctual.escalation import after_telling, stage_of
from punctual.notification import Recipients
from punctual.policy import Policy
from punctual.protocol import Composed, ComposeRequest, Ref
from punctual.registry import KINDS
from punctual.timeline import PROMPT, Entry, Step
from punctual.wire import delta
from store import directory, entities, inbox, ledger, policies, waiting
from store.directory import User
from store.engine import Connection, Database
from store.entities import Entity
from store.inbox import Notification
from store.keys import row_id
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
            policy = await policies.of_version(db, ref.tenant, ref.kind, entity.policy_version)
            # A plan that put the step off has overtaken this attempt.
            is_put_off = told.is_open and told.step.due_at > now
            state = stage_of(entity.state)
            if is_put_off:
                fired = _Fired(told.outcome, told.reason)
            elif told.is_open:
                fired = await self._fire(db, ref, entity, policy, told, now, request.after)
                if fired.more is None:
                    state = after_telling(state, told.step, fired.outcome)
                    if not KINDS[ref.kind].lasts:
                        state = "closed"
                    data = None if fired.heard_at is None else {**told.data, "heard_at": fired.heard_at.isoformat()}
                    await entities.settle(db, ref, key, fired.outcome, fired.reason, now, data=data)
                    await entities.advance(db, ref, state)
            else:
                fired = _Fired(told.outcome, told.reason, await self._written_before(db, ref, key, request.after))
                fired.quiet_until.update(await waiting.ends(db, ref, [key]))
            channels = await ledger.open_channels(db, ref, key)
        if fired.messages:
            await hints.announce(self._channels, fired.messages)
        await quiet.end_at(ref.tenant, fired.quiet_until)
        pending = [reach.pending(told.step, name, policy) for name in channels]
        return Composed(
            outcome=fired.outcome, reason=fired.reason, stage=state, pending=[] if fired.more else pending,
            more=fired.more, replan=is_put_off or _moves_what_follows(told.step, fired, now),
        )  # fmt: skip

    async def _fire(
        self, db: Connection, ref: Ref, entity: Entity, policy: Policy, told: Entry, now: datetime,
        after: str | None,
    ) -> "_Fired":  # fmt: skip
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
        before = await reach.told_just_now(db, ref, told.step, list(meant.people))
        rows += [_row(ref, told, user.id, "superseded", "stale", now) for user in found if user.id in before.people]
        users = [user for user in found if user.active and user.id not in before.people]
        late = can_be_acknowledged(told.step, entity)
        notes = [self._writer.write(ref, told, notice, data, user, now, late=late) for user in users]
        chosen = await travel.decided(db, ref.tenant, notice, users, notes, now)
        notes = [travel.listed(note, chosen[note.user_id]) for note in notes]
        sends = await travel.deliveries(db, ref, self._channels, notice, users, notes, chosen, now)
        await ledger.add(db, ref, rows + sends)
        # Of a page that is asked for once more, inboxes have not changed.
        new = await inbox.add(db, ref.tenant, notes)
        bumped = await inbox.bump(db, ref.tenant, new & {note.user_id for note in notes if note.listed})
        messages = await self._messages(db, ref, notice, {user.id: user for user in users}, notes, chosen, bumped)
        quiet_until = travel.quiet_until(sends)
        if len(new) < len(notes):
            # Another attempt wrote some of them, and may not have lived to say until when they wait.
            quiet_until |= await waiting.ends(db, ref, [told.step.key])
        if meant.more is not None:
            return _Fired("sent", None, messages, quiet_until, more=meant.more)
        outcome, reason = await reach.judged(db, ref, told.step, policy, before, told=bool(users))
        heard_at = await waiting.put_off_until(db, ref, told.step.key) if told.step.stage in reach.ALARMS else None
        return _Fired(outcome, reason, messages, quiet_until, heard_at=heard_at)

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
            db, ref, words, data, chain=told.data.get("chain", ()), after=after or "", without=notice.spared(data),
            copies=told.step.stage in policy.copy_managers_on,
        )  # fmt: skip

    async def _written_before(self, db: Connection, ref: Ref, step_key: str, after: str | None) -> list[Message]:
        """What an earlier attempt at a page wrote and perhaps did not live to announce."""
        notes = await inbox.of_step(
            db, ref.tenant, ref.kind, ref.id, step_key, after=after or "", limit=audience.PAGE
        )
        if not notes:
            return []
        people = await directory.get(db, ref.tenant, [note.user_id for note in notes])
        notes = [note for note in notes if note.user_id in people]
        notice = self._notices.get(notes[0].type)
        if notice is None:
            return []
        users = [people[note.user_id] for note in notes]
        chosen = await travel.decided(db, ref.tenant, notice, users, notes, notes[0].created_at)
        return await self._messages(db, ref, notice, people, notes, chosen, {})

    async def _messages(
        self, db: Connection, ref: Ref, notice: Notice, people: Mapping[str, User], notes: Sequence[Notification],
        chosen: Mapping[str, travel.Decisions], bumped: Mapping[str, int],
    ) -> list[Message]:  # fmt: skip
        """What fast channels say of what is in inboxes, each with its inbox as it now is."""
        shown = [note for note in notes if note.listed]
        same = [note.user_id for note in shown if note.user_id not in bumped]
        versions = {**bumped, **(await inbox.versions(db, ref.tenant, same) if same else {})}
        unread = await inbox.unread(db, ref.tenant, [note.user_id for note in shown])
        return [
            Message(
                tenant=ref.tenant, delivery_id=row_id(ref, note.step_key, note.user_id, travel.LIVE),
                user=people[note.user_id], notification=note, collapse="", unread=unread[note.user_id],
                # A hint that is repeated must not pass for the change that made today's version.
                version=versions[note.user_id],
                is_muted=note.user_id not in bumped or travel.is_muted(chosen[note.user_id]),
                is_announcement=notice.about.announcement,
            )
            for note in shown
        ]  # fmt: skip


@dataclass(frozen=True)
class _Fired:
    """What firing a step came to, and what fast channels have to say; the audience goes on after `more`."""

    outcome: str
    reason: str | None
    messages: Sequence[Message] = ()
    quiet_until: dict[str, datetime] = field(default_factory=dict)
    """Whose quiet hours hold something back, and until when."""
    more: str | None = None
    heard_at: datetime | None = None
    """When the first hears of it, where everybody's quiet hours put it off."""


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
    return fired.outcome == "withheld" or fired.heard_at is not None or now - step.due_at >= PROMPT


def _row(ref: Ref, told: Entry, user_id: str, outcome: str, reason: str, now: datetime) -> Delivery:
    """Why somebody finds nothing of this step in the inbox."""
    key = told.step.key
    return Delivery(
        row_id(ref, key, user_id, "inbox"), user_id, "inbox", key, None, outcome, reason, now, type=told.step.type
    )
