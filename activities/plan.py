"""`plan`: the events that arrived, folded into the entity, and the entity's future written down."""

from datetime import datetime

from temporalio import activity

from activities import clock
from punctual import planning
from punctual.lifecycle import Record
from punctual.protocol import Pending, Planned, PlanRequest, Ref
from punctual.registry import KINDS
from store import directory, entities, ledger, policies
from store.engine import Connection, Database
from store.entities import Entity


class Plan:
    """Keeps entities and their steps."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn(name="plan")
    async def plan(self, request: PlanRequest) -> Planned:
        """One transaction; the same request again changes nothing."""
        now = clock.now(request.now)
        ref, kind = request.ref, KINDS[request.ref.kind]
        async with self._database.write() as db:
            entity = await entities.load(db, ref, lock=True)
            known = {entry.step.key: entry for entry in await entities.entries(db, ref)}
            record = entity.record if entity else Record()
            plan = planning.fold(kind, record, known, request.heard, request.refused, now)
            zone = await _zone(db, ref.tenant, plan)
            policy = await policies.get(db, ref.tenant, ref.kind)
            plan = planning.complete(kind, plan, policy, zone, now)

            await entities.add_entries(db, ref, [plan.entries[key] for key in plan.added], now)
            for key in dict.fromkeys(plan.changed):
                if key not in plan.added:
                    await entities.change(db, ref, plan.entries[key], now)
            pending = await _reconcile(db, ref, entity, plan, now) if known else []
            due = kind.due(kind.snapshot.model_validate(plan.snapshot)) if plan.snapshot else None
            assignees: list[str] = plan.snapshot.get("assignee_ids", [])
            steps = plan.steps
            await entities.save(
                db, ref, plan.record, state=plan.stage, due_at=due,
                next_step_at=steps[0].due_at if steps else None, now=now,
            )  # fmt: skip
            await entities.assign(db, ref, assignees)
        idle = plan.stage == "closed"
        return Planned(
            stage=plan.stage, due=due, assignees=assignees, zone=zone, steps=steps, pending=pending, idle=idle
        )


async def _reconcile(
    db: Connection, ref: Ref, before: Entity | None, plan: planning.Plan, now: datetime
) -> list[Pending]:
    """Deliveries that are under way, after what has changed: what is still to be sent."""
    if plan.overtaken:
        await ledger.overtake(db, ref, plan.overtaken, plan.why, now)
    had = (before.snapshot or {}).get("assignee_ids", []) if before else []
    assigned: list[str] = plan.snapshot.get("assignee_ids", [])
    gone = sorted(set(had) - set(assigned))
    if gone:
        await ledger.overtake(db, ref, list(plan.entries), "reassigned", now, users=gone)
    if plan.wanted_again:
        await ledger.reopen(db, ref, plan.wanted_again, users=assigned)
    steps = {key: entry.step for key, entry in plan.entries.items()}
    return [
        Pending(key=key, channel=channel, announces=steps[key].announces)
        for key, channel in await ledger.open_sends(db, ref)
        if key in steps
    ]


async def _zone(db: Connection, tenant: str, plan: planning.Plan) -> str:
    """The zone that local times of an entity are in: its own, else its first assignee's, else UTC."""
    if plan.snapshot.get("timezone"):
        return str(plan.snapshot["timezone"])
    people = await directory.get(db, tenant, plan.snapshot.get("assignee_ids", [])[:1])
    return next((user.timezone for user in people.values()), "UTC")
