"""The rows of a simulation, read from what it has left in the store."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from punctual.protocol import DIGEST, QUIET_HOURS, Ref
from punctual.timeline import PROMPT, Entry
from simulating import TENANT
from simulating.rows import Brought, Row, Way, in_order, to_second
from simulating.waits import Waits
from store import entities, inbox, ledger
from store.engine import Connection
from store.inbox import Notification
from store.ledger import Delivery

_DIGESTS = [Ref(tenant=TENANT, kind=DIGEST, id=frequency) for frequency in ("daily", "weekly")]
_Bundle = tuple[str, str, str, datetime]
"""What a delivery shares with all that it brings along: whom it is for, by which channel, its kind, when it ended."""


async def rows(
    db: Connection, names: Mapping[Ref, str], before: Iterable[Row], choosers: Collection[str], waits: Waits
) -> list[Row]:
    """All that entities, quiet hours and digests have told, with the rows from `before`, in order."""
    refs = [*(Ref(tenant=TENANT, kind=QUIET_HOURS, id=id_) for id_ in sorted(choosers)), *_DIGESTS]
    carriers = [(ref, row) for ref in refs for row in await ledger.of_entity(db, ref)]
    sent = {_bundle(row, ref.kind): _named(ref) for ref, row in carriers if row.outcome == "sent"}
    report = _Report(waits, sent)
    found = list(before)
    for ref, name in names.items():
        entries, deliveries = await entities.entries(db, ref), await ledger.of_entity(db, ref)
        found += report.of_entity(name, entries, deliveries)
    notes = {row.id: await inbox.note(db, TENANT, row.notification_id or "") for _, row in carriers}
    found += report.of_carriers(carriers, notes)
    return in_order(found)


def _bundle(row: Delivery, kind: str) -> _Bundle:
    return row.user_id, row.channel, kind, row.at


def _named(ref: Ref) -> str:
    return f"{ref.kind}/{ref.id}"


class _Report:
    """Rows, and on the way what was brought by what."""

    def __init__(self, waits: Waits, carriers: Mapping[_Bundle, str]) -> None:
        self._waits = waits
        self._carriers = carriers
        self._brought: dict[_Bundle, list[Brought]] = defaultdict(list)

    def of_entity(self, name: str, entries: Iterable[Entry], deliveries: Iterable[Delivery]) -> Iterator[Row]:
        """The rows of all steps of an entity."""
        by_step: dict[str, list[Delivery]] = defaultdict(list)
        for row in deliveries:
            by_step[row.step_key].append(row)
        for entry in entries:
            yield from self._of_step(name, entry, by_step[entry.step.key])

    def _of_step(self, name: str, entry: Entry, deliveries: Sequence[Delivery]) -> Iterator[Row]:
        step = entry.step
        due = to_second(step.due_at)
        at = due if entry.at is None or timedelta(0) <= entry.at - due < PROMPT else to_second(entry.at)
        level = step.to if step.stage == "escalation" else None
        again = "-again-" in step.key
        people: dict[str | None, dict[str, Way]] = defaultdict(dict)
        later: dict[tuple[datetime, str, Way], dict[str, Way]] = defaultdict(dict)
        for row in deliveries:
            (_, people[row.user_id][row.channel]), *changes = self._ways(row, Brought(name, step.type, at))
            for when, way in changes:
                later[when, row.user_id, way][row.channel] = way
        # What an event says comes before what follows from it.
        told_at = step.due_at if step.stage == "notice" else entry.at or step.due_at
        for user_id, channels in people.items() or [(None, {})]:
            yield Row(
                at=at, entity=name, type=step.type, outcome=entry.outcome, reason=entry.reason, user_id=user_id,
                channels=channels, level=level, again=again, detail=entry.detail,
                due_at=due if at != due else None, told_at=told_at,
            )  # fmt: skip
        for (when, user_id, way), channels in later.items():
            yield Row(
                at=when, entity=name, type=step.type, outcome=way.outcome, reason=way.reason, user_id=user_id,
                channels=channels, level=level, again=again,
                due_at=way.due_at if way.due_at != when else None, told_at=when,
            )  # fmt: skip

    def _ways(self, row: Delivery, told: Brought) -> list[tuple[datetime, Way]]:
        """What became of a delivery, and when: more than one thing, where it has waited and nothing brought it."""
        waited = self._waits.of(row.id)
        if not waited:
            return [(row.at, Way(row.outcome, row.reason))]
        # What waited for a digest that its user wants no more comes as after quiet hours.
        bundles = [_bundle(row, kind) for kind in (waited[-1].reason, QUIET_HOURS)] if row.outcome == "sent" else []
        bundle = next((bundle for bundle in bundles if bundle in self._carriers), None)
        carrier = self._carriers[bundle] if bundle else None
        found = [(wait.at, Way("deferred", wait.reason, wait.until, carrier)) for wait in waited]
        if bundle:
            self._brought[bundle].append(told)
        elif row.outcome != "deferred":
            found.append((self._waits.stop(row.at), Way(row.outcome, row.reason, waited[-1].until)))
        return found

    def of_carriers(
        self, carriers: Iterable[tuple[Ref, Delivery]], notes: Mapping[str, Notification | None]
    ) -> Iterator[Row]:
        """A row for each digest, and for each thing or summary after quiet hours, with all its channels."""
        bundles: dict[tuple[Ref, datetime, str, object], list[Delivery]] = defaultdict(list)
        for ref, row in carriers:
            together = row.step_key if ref.kind == DIGEST else self._brings(ref, [row])
            bundles[ref, self._waits.stop(row.at), row.user_id, together].append(row)
        for (ref, at, user_id, _), deliveries in bundles.items():
            note = notes[deliveries[0].id]
            main = next((row for row in deliveries if row.outcome == "sent"), deliveries[0])
            yield Row(
                at=at, entity=_named(ref), type=note.type if note else ref.kind, outcome=main.outcome,
                reason=main.reason, user_id=user_id,
                channels={row.channel: Way(row.outcome, row.reason) for row in deliveries},
                detail=note.title if note else None, brings=self._brings(ref, deliveries), told_at=main.at,
            )  # fmt: skip

    def _brings(self, ref: Ref, deliveries: Iterable[Delivery]) -> tuple[Brought, ...]:
        found = {one for row in deliveries for one in self._brought.get(_bundle(row, ref.kind), ())}
        return tuple(sorted(found, key=lambda one: (one.at, one.entity, one.type)))
