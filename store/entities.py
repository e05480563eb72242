"""Entities and their steps."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, literal, select, tuple_, update

from punctual.escalation import Care
from punctual.lifecycle import Record
from punctual.protocol import Ref
from punctual.registry import ENTITIES
from punctual.timeline import Entry, Step
from store.engine import Connection, insert
from store.tables import assignments, entities, steps, users


@dataclass(frozen=True)
class Entity:
    id: str
    kind: str
    record: Record
    state: str
    due_at: datetime | None
    next_step_at: datetime | None
    acknowledged_by: str | None
    care: Care
    policy_version: int

    @property
    def snapshot(self) -> dict[str, Any] | None:
        return self.record.current.snapshot if self.record.current else None


def _of(table: Any, ref: Ref, id_column: str = "entity_id") -> Any:
    return and_(table.c.tenant == ref.tenant, table.c.kind == ref.kind, table.c[id_column] == ref.id)


async def load(db: Connection, ref: Ref, *, lock: bool = False) -> Entity | None:
    """The entity, or None; `lock` keeps other writers of it out until the transaction ends."""
    query = select(entities).where(_of(entities, ref, "id"))
    row = (await db.execute(query.with_for_update() if lock else query)).one_or_none()
    return _entity(row) if row else None


async def kept(db: Connection, tenant: str, kind: str, ids: Collection[str]) -> dict[str, Entity]:
    """Those of some entities that there are, by id; none is planned anew until the transaction ends."""
    these = and_(entities.c.tenant == tenant, entities.c.kind == kind, entities.c.id.in_(ids))
    rows = await db.execute(select(entities).where(these).order_by(entities.c.id).with_for_update(read=True))
    return {row.id: _entity(row) for row in rows}


def _entity(row: Any) -> Entity:
    record = Record.model_validate(row.record)
    care = Care.model_validate(row.care)
    return Entity(
        row.id, row.kind, record, row.state, row.due_at, row.next_step_at, row.acknowledged_by, care,
        row.policy_version,
    )  # fmt: skip


async def save(
    db: Connection,
    ref: Ref,
    record: Record,
    *,
    state: str,
    due_at: datetime | None,
    next_step_at: datetime | None,
    now: datetime,
    care: Care | None = None,
    acknowledged_by: str | None = None,
    policy_version: int = 0,
) -> None:
    values = {
        "record": record.model_dump(mode="json"),
        "care": (care or Care()).model_dump(mode="json", exclude_defaults=True),
        "policy_version": policy_version,
        "acknowledged_by": acknowledged_by,
        "state": state,
        "due_at": due_at,
        "next_step_at": next_step_at,
        "updated_at": now,
    }
    await db.execute(
        insert(db, entities)
        .values(tenant=ref.tenant, kind=ref.kind, id=ref.id, **values)
        .on_conflict_do_update(index_elements=["tenant", "kind", "id"], set_=values)
    )


async def advance(db: Connection, ref: Ref, state: str) -> None:
    """Writes the state, and the instant of the first step still to come; who acknowledged is shown while it holds."""
    ahead = steps.c.outcome.in_(("planned", "deferred"))
    first = select(func.min(steps.c.due_at)).where(_of(steps, ref), ahead).scalar_subquery()
    values: dict[str, Any] = {"state": state, "next_step_at": first}
    if state != "acknowledged":
        values["acknowledged_by"] = None
    await db.execute(update(entities).where(_of(entities, ref, "id")).values(**values))


async def assign(db: Connection, ref: Ref, user_ids: Iterable[str]) -> None:
    """Makes exactly `user_ids` responsible."""
    wanted = set(user_ids)
    rows = await db.execute(select(assignments.c.user_id).where(_of(assignments, ref)))
    had = set(rows.scalars())
    if had - wanted:
        await db.execute(delete(assignments).where(_of(assignments, ref), assignments.c.user_id.in_(had - wanted)))
    if wanted - had:
        row = {"tenant": ref.tenant, "kind": ref.kind, "entity_id": ref.id}
        await db.execute(insert(db, assignments), [{**row, "user_id": id_} for id_ in sorted(wanted - had)])


async def entries(db: Connection, ref: Ref) -> list[Entry]:
    """The entity's steps in order of their instants."""
    query = select(steps).where(_of(steps, ref)).order_by(steps.c.due_at, func.length(steps.c.key), steps.c.key)
    return [_told(row) for row in await db.execute(query)]


async def entries_beginning(db: Connection, ref: Ref, prefix: str) -> list[Entry]:
    """The entity's steps whose keys begin so, in order of their instants."""
    query = select(steps).where(_of(steps, ref), steps.c.key.startswith(prefix, autoescape=True))
    rows = await db.execute(query.order_by(steps.c.due_at, func.length(steps.c.key), steps.c.key))
    return [_told(row) for row in rows]


async def entries_of(db: Connection, tenant: str, kind: str, ids: Collection[str]) -> dict[str, list[Entry]]:
    """The steps of several entities of a kind, by the entity's id."""
    found: dict[str, list[Entry]] = {id_: [] for id_ in ids}
    query = select(steps).where(steps.c.tenant == tenant, steps.c.kind == kind, steps.c.entity_id.in_(ids))
    for row in await db.execute(query.order_by(steps.c.entity_id, steps.c.due_at, steps.c.key)):
        found[row.entity_id].append(_told(row))
    return found


async def entry(db: Connection, ref: Ref, key: str) -> Entry | None:
    row = (await db.execute(select(steps).where(_of(steps, ref), steps.c.key == key))).one_or_none()
    return _told(row) if row else None


def _told(row: Any) -> Entry:
    step = Step.model_validate({name: getattr(row, name) for name in Step.model_fields})
    return Entry(step, row.outcome, row.reason, row.detail, row.at, row.data)


async def add_entries(db: Connection, ref: Ref, rows: Sequence[Entry], at: datetime) -> None:
    """Writes new entries; `at` is when those were decided that are no longer planned."""
    if rows:
        fixed = {"tenant": ref.tenant, "kind": ref.kind, "entity_id": ref.id}
        values = [
            {
                **fixed,
                **row.step.model_dump(),
                "outcome": row.outcome,
                "reason": row.reason,
                "detail": row.detail,
                "data": dict(row.data),
                "at": None if row.is_open else at,
            }
            for row in rows
        ]
        await db.execute(insert(db, steps), values)


async def settle(
    db: Connection, ref: Ref, key: str, outcome: str, reason: str | None, at: datetime,
    *, data: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Writes what became of a step, and what it leaves behind in place of what it had; `planned` opens it again."""
    change = update(steps).where(_of(steps, ref), steps.c.key == key)
    values: dict[str, Any] = {"outcome": outcome, "reason": reason, "at": None if outcome == "planned" else at}
    await db.execute(change.values(**values, **({} if data is None else {"data": dict(data)})))


async def change(db: Connection, ref: Ref, row: Entry, at: datetime) -> None:
    """Writes a step anew: its instants as well as what became of it."""
    values = {**row.step.model_dump(exclude={"key"}), "outcome": row.outcome, "reason": row.reason}
    values["at"] = None if row.is_open else at
    await db.execute(update(steps).where(_of(steps, ref), steps.c.key == row.step.key).values(**values))


async def open_ones(
    db: Connection, tenant: str, kind: str, *, after: str | None = None, limit: int = 200
) -> list[Entity]:
    """Entities of a kind that have not ended, by id."""
    query = select(entities).where(entities.c.tenant == tenant, entities.c.kind == kind, entities.c.state != "closed")
    query = query.where(entities.c.id > after) if after is not None else query
    return [_entity(row) for row in await db.execute(query.order_by(entities.c.id).limit(limit))]


async def page(
    db: Connection,
    tenant: str,
    *,
    kind: str | None = None,
    state: str | None = None,
    assignee: str | None = None,
    within_reach_of: str | None = None,
    after: tuple[str, str] | None = None,
    limit: int = 50,
) -> list[Entity]:
    """Entities by (kind, id); single events only when they are asked for.

    `within_reach_of` leaves what is assigned to that user or to somebody below.
    """
    query = select(entities).where(entities.c.tenant == tenant).order_by(entities.c.kind, entities.c.id).limit(limit)
    query = query.where(entities.c.kind == kind if kind is not None else entities.c.kind.in_(ENTITIES))
    if state is not None:
        query = query.where(entities.c.state == state)
    if assignee is not None:
        query = query.where(_assigned(assignments.c.user_id == assignee))
    if within_reach_of is not None:
        query = query.where(_assigned(assignments.c.user_id.in_(_below(tenant, within_reach_of))))
    if after is not None:
        query = query.where(tuple_(entities.c.kind, entities.c.id) > tuple_(*after))
    return [_entity(row) for row in await db.execute(query)]


async def is_within_reach(db: Connection, ref: Ref, user_id: str) -> bool:
    """Whether the entity is assigned to the user or to somebody below."""
    reach = _below(ref.tenant, user_id)
    return bool(await db.scalar(select(exists().where(_of(assignments, ref), assignments.c.user_id.in_(reach)))))


def _assigned(condition: Any) -> Any:
    own = and_(
        assignments.c.tenant == entities.c.tenant,
        assignments.c.kind == entities.c.kind,
        assignments.c.entity_id == entities.c.id,
    )
    return exists().where(own, condition)


def _below(tenant: str, user_id: str) -> Any:
    """The user and everybody whose chain of managers leads to them."""
    # The user need not be in the directory to be an assignee.
    top = select(literal(user_id, users.c.id.type).label("id"))
    tree = top.cte("reach", recursive=True)
    reports = select(users.c.id).where(users.c.tenant == tenant, users.c.manager_id == tree.c.id)
    return select(tree.union(reports).c.id)
