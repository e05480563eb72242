"""`plan`: the events that arrived, folded into the entity, and the entity's future written down."""

from temporalio import activity

from activities import clock
from punctual import planning
from punctual.lifecycle import Record
from punctual.protocol import Planned, PlanRequest
from punctual.registry import KINDS
from store import directory, entities, ledger, policies
from store.engine import Connection, Database


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
            heard_at = max((heard.at for heard in request.heard), default=request.now)
            plan = planning.complete(kind, plan, policy, zone, heard_at)

            await entities.add_entries(db, ref, [plan.entries[key] for key in plan.added], now)
            for key in set(plan.changed) - set(plan.added):
                await entities.settle(db, ref, key, plan.entries[key].outcome, plan.entries[key].reason, now)
            if known and plan.overtaken:
                await ledger.overtake(db, ref, plan.overtaken, plan.why, now)
            due = kind.due(kind.snapshot.model_validate(plan.snapshot)) if plan.snapshot else None
            assignees: list[str] = plan.snapshot.get("assignee_ids", [])
            steps = plan.steps
            await entities.save(
                db, ref, plan.record, state=plan.stage, due_at=due,
                next_step_at=steps[0].due_at if steps else None, now=now,
            )  # fmt: skip
            await entities.assign(db, ref, assignees)
        idle = plan.stage == "closed"
        return Planned(stage=plan.stage, due=due, assignees=assignees, zone=zone, steps=steps, idle=idle)


async def _zone(db: Connection, tenant: str, plan: planning.Plan) -> str:
    """The zone that local times of an entity are in: its own, else its first assignee's, else UTC."""
    if plan.snapshot.get("timezone"):
        return str(plan.snapshot["timezone"])
    people = await directory.get(db, tenant, plan.snapshot.get("assignee_ids", [])[:1])
    return next((user.timezone for user in people.values()), "UTC")
