"""`plan`: what arrived, folded into the entity, and the entity's future written down."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio import activity

import catalogue
from activities import clock, quiet, reach
from activities.writing import is_late_reminder
from catalogue import Notice
from punctual import acts, hearing, planning
from punctual.escalation import Care
from punctual.kind import Kind, Scene
from punctual.lifecycle import Record
from punctual.planning import Plan as Outcome
from punctual.policy import Policy
from punctual.protocol import Act, Answer, Heard, Pending, Planned, PlanRequest, Ref, Refusal
from punctual.registry import KINDS
from punctual.scene import scene_of, whose_zone, zone_of
from store import dedupes, directory, entities, inbox, ledger, policies, waiting
from store.bus import Bus
from store.engine import Connection, Database
from store.entities import Entity
from store.inbox import Notification
from store.policies import Versioned


class Plan:
    """Keeps entities and their steps."""

    def __init__(self, database: Database, notices: Mapping[str, Notice], bus: Bus) -> None:
        self._database = database
        self._notices = notices
        self._old_names = catalogue.aliases(notices)
        self._bus = bus

    @activity.defn(name="plan")
    async def plan(self, request: PlanRequest) -> Planned:
        """One transaction; the same request again changes nothing, and answers as before."""
        now = clock.now(request.now)
        ref, kind = request.ref, KINDS[request.ref.kind]
        heard, refused = self._checked(kind, request)
        async with self._database.write() as db:
            entity = await entities.load(db, ref, lock=True)
            known = {entry.step.key: entry for entry in await entities.entries(db, ref)}
            record, care = (entity.record, entity.care) if entity else (Record(), Care())
            plan = hearing.fold(kind, record, known, heard, refused, now, care)
            await _leave_to_the_first(db, ref, plan)
            followed = await _policy(db, ref, entity, plan)
            zone = await _zone(db, ref.tenant, plan)
            scene = scene_of(followed.policy, zone, now)
            plan = planning.complete(kind, plan, scene, now)
            answers, touched = await _act(db, kind, ref, plan, scene, request.acts, now)

            await entities.add_entries(db, ref, [plan.entries[key] for key in dict.fromkeys(plan.added)], now)
            for key in dict.fromkeys(plan.changed):
                if key not in plan.added:
                    await entities.change(db, ref, plan.entries[key], now)
            pending = await _reconcile(db, ref, entity, plan, followed.policy, now) if known else []
            due = kind.due(kind.snapshot.model_validate(plan.snapshot)) if plan.snapshot else None
            assignees: list[str] = plan.snapshot.get("assignee_ids", [])
            steps = plan.steps
            taken_by = plan.taken.by if plan.taken else None
            # Whoever asks about something that nobody has told us of does not bring it into being.
            if entity is not None or plan.added:
                await entities.save(
                    db, ref, plan.record, state=plan.stage, due_at=due,
                    next_step_at=steps[0].due_at if steps else None, now=now,
                    care=plan.care, acknowledged_by=taken_by, policy_version=followed.version,
                )  # fmt: skip
                await entities.assign(db, ref, assignees)
            held_back = await waiting.ends(db, ref, plan.wanted_again) if plan.wanted_again else {}
        await self._show(ref.tenant, touched)
        await quiet.end_at(ref.tenant, held_back)
        idle = plan.stage == "closed" or not kind.lasts
        return Planned(
            stage=plan.stage, due=due, assignees=assignees, zone=zone, steps=steps, pending=pending, idle=idle,
            answers=answers,
        )  # fmt: skip

    def _checked(self, kind: Kind[Any], request: PlanRequest) -> tuple[list[Heard], list[Refusal]]:
        """Single events may have come past the API: those that the catalogue does not know are refused here."""
        if kind.lasts:
            return request.heard, request.refused
        heard, refused = [], list(request.refused)
        for item in map(self._by_todays_name, request.heard):
            notice = self._notices.get(item.event.type)
            problems = notice.problems(item.event.data) if notice else ["/type: is not a known event type"]
            if problems:
                detail = "; ".join(map(str, problems))[:2000]
                refused.append(Refusal(key=f"refused-{item.event.key}", type=item.event.type, detail=detail))
            else:
                heard.append(item)
        return heard, refused

    def _by_todays_name(self, item: Heard) -> Heard:
        name = self._old_names.get(item.event.type)
        return item.model_copy(update={"event": item.event.model_copy(update={"type": name})}) if name else item

    async def _show(self, tenant: str, notes: Sequence[tuple[Notification, int, int]]) -> None:
        frames = [
            (tenant, note.user_id, {
                "type": "notification_updated", "notification": note.public(), "unread_count": unread,
                "version": version,
            })
            for note, unread, version in notes
        ]  # fmt: skip
        await self._bus.publish_all(frames)


async def _policy(db: Connection, ref: Ref, entity: Entity | None, plan: Outcome) -> Versioned:
    """What the entity has followed so far; the current one, where it begins or begins again."""
    if entity is None or entity.record.latest is None or (entity.record.is_closed and not plan.record.is_closed):
        return await policies.current(db, ref.tenant, ref.kind)
    version = entity.policy_version
    return Versioned(version, await policies.of_version(db, ref.tenant, ref.kind, version))


async def _act(
    db: Connection, kind: Kind[Any], ref: Ref, plan: Outcome, scene: Scene, asked: Sequence[Act], now: datetime
) -> tuple[list[Answer], list[tuple[Notification, int, int]]]:
    """What people want, each in turn; the notifications that an acknowledgement marks, with count and version."""
    answers: list[Answer] = []
    had = len(plan.care.acknowledgements)
    for act in asked:
        may = act.override or await _may(db, ref, plan, act.user_id)
        known = len(plan.added)
        refusal = acts.apply(kind, plan, scene, act, may=may, now=now)
        new = plan.added[known:]
        if refusal is None:
            planning.complete(kind, plan, scene, now)
            _tell_the_chain(plan, new)
        answers.append(refusal or acts.answer(act, plan))
    if len(plan.care.acknowledgements) == had:
        return answers, []
    return answers, await inbox.acknowledge(db, ref, [*plan.acknowledged, *_late_reminders(plan)], now)


def _tell_the_chain(plan: Outcome, keys: Sequence[str]) -> None:
    """That somebody has taken it is news for whoever was told of the steps that were taken, and for nobody else."""
    taken = [key for key in dict.fromkeys(plan.acknowledged) if plan.entries[key].is_fired]
    for key in keys:
        entry = plan.entries[key]
        if "acknowledged_by" in entry.data:
            plan.entries[key] = replace(entry, data={**entry.data, "chain": taken})


def _late_reminders(plan: Outcome) -> list[str]:
    """What reminded of the deadlines that were taken, because somebody asked for it."""
    steps = [plan.entries[key].step for key in dict.fromkeys(plan.acknowledged)]
    taken = {(step.type, step.deadline) for step in steps if step.stage == "overdue"}
    return [
        key
        for key, entry in plan.entries.items()
        if is_late_reminder(entry.step) and (entry.step.type, entry.step.deadline) in taken
    ]


async def _may(db: Connection, ref: Ref, plan: Outcome, user_id: str) -> bool:
    """Whether somebody has a say: it is theirs, or of somebody below them, or they have been told that it is late."""
    known = (await directory.get(db, ref.tenant, [user_id])).get(user_id)
    if known is not None and not known.active:
        return False
    if user_id in plan.snapshot.get("assignee_ids", []) or await entities.is_within_reach(db, ref, user_id):
        return True
    return await inbox.has_any(db, ref, _late(plan), user_id)


def _late(plan: Outcome) -> list[str]:
    """The steps of all chains whose deadlines still hold."""
    gone = set(plan.overtaken)
    anchors = [key for key, entry in plan.entries.items() if entry.step.stage == "overdue" and key not in gone]
    return [
        key
        for key, entry in plan.entries.items()
        if entry.step.is_alarm and any(key == anchor or key.startswith(f"{anchor}-") for anchor in anchors)
    ]


async def _leave_to_the_first(db: Connection, ref: Ref, plan: Outcome) -> None:
    """Of single events with one `dedupe_key` the first is told; the others are superseded by it."""
    key = plan.snapshot.get("dedupe_key")
    if key is None or ref.kind != "notification":
        return
    for step in plan.steps:
        if not await dedupes.claim(db, ref.tenant, step.type, key, ref.id):
            plan.change(step.key, "superseded", "stale")


async def _reconcile(
    db: Connection, ref: Ref, before: Entity | None, plan: Outcome, policy: Policy, now: datetime
) -> list[Pending]:
    """Deliveries that are under way, after what has changed: what is still to be sent."""
    if plan.overtaken:
        await ledger.overtake(db, ref, plan.overtaken, plan.why, now)
    if plan.acknowledged:
        await ledger.overtake(db, ref, plan.acknowledged, ledger.ACKNOWLEDGED, now)
    had = (before.snapshot or {}).get("assignee_ids", []) if before else []
    assigned: list[str] = plan.snapshot.get("assignee_ids", [])
    gone = sorted(set(had) - set(assigned))
    if gone:
        # What they were told as those responsible; that they no longer are is news for them.
        old = [key for key in plan.entries if key not in plan.added]
        await ledger.overtake(db, ref, old, "reassigned", now, users=gone)
    if plan.wanted_again:
        await ledger.reopen(db, ref, plan.wanted_again, users=assigned)
    steps = {key: entry.step for key, entry in plan.entries.items()}
    open_sends = await ledger.open_sends(db, ref)
    return [reach.pending(steps[key], channel, policy) for key, channel in open_sends if key in steps]


async def _zone(db: Connection, tenant: str, plan: Outcome) -> str:
    """The zone that local times of an entity are in: its own, else its first assignee's, else UTC."""
    people = await directory.get(db, tenant, whose_zone(plan.snapshot))
    return zone_of(plan.snapshot, {id_: user.timezone for id_, user in people.items()})
