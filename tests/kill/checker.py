"""Conservation: what was asked for against what is there, by sets alone; no code of the product decides here."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

TYPES = ("appointment.scheduled", "appointment.reminder")
CHANNELS = ("inbox", "websocket", "web_push", "email")
SETTLED = {"sent", "withheld", "unknown"}


@dataclass(frozen=True)
class Step:
    entity: str
    key: str
    type: str
    outcome: str


@dataclass(frozen=True)
class Delivery:
    id: str
    entity: str
    step: str
    channel: str
    outcome: str


@dataclass(frozen=True)
class Dump:
    """What there is when all is quiet: the journal of what was accepted, and four views of what came of it."""

    posted: Sequence[str]
    """The ids of the entities whose event was accepted."""
    inbox: Sequence[tuple[str, str]]
    """(entity, type) of each row the user can see."""
    steps: Sequence[Step]
    deliveries: Sequence[Delivery]
    mails: Sequence[str]
    """The delivery of each mail that the provider has."""


def violations(dump: Dump) -> list[str]:
    """One sentence for each thing lost, doubled, left open or out of nowhere; empty when all is well."""
    wanted = {(entity, type_) for entity in dump.posted for type_ in TYPES}
    return [
        *_once("inbox row", wanted, dump.inbox),
        *_once("step", wanted, ((step.entity, step.type) for step in dump.steps)),
        *(f"step {step.entity} {step.key}: {step.outcome}" for step in dump.steps if step.outcome != "sent"),
        *_ledger(dump),
        *_mails(dump),
    ]


def _ledger(dump: Dump) -> Iterator[str]:
    wanted = {(step.entity, step.key, channel) for step in dump.steps for channel in CHANNELS}
    yield from _once("delivery", wanted, ((row.entity, row.step, row.channel) for row in dump.deliveries))
    for row in dump.deliveries:
        if row.outcome not in SETTLED:
            yield f"delivery {row.entity} {row.step} {row.channel}: {row.outcome}"


def _mails(dump: Dump) -> Iterator[str]:
    rows = {row.id: row.outcome for row in dump.deliveries if row.channel == "email"}
    sent = {id_ for id_, outcome in rows.items() if outcome == "sent"}
    perhaps = {id_ for id_, outcome in rows.items() if outcome == "unknown"}
    yield from _once("mail", sent, dump.mails, allowed=perhaps)


def _once(what: str, wanted: Set[object], found: Iterable[object], allowed: Iterable[object] = ()) -> Iterator[str]:
    """Complaints unless `found` holds each of `wanted` once, each of `allowed` at most once, and nothing else."""
    counts = Counter(found)
    yield from (f"{what} {one}: missing" for one in sorted(wanted - set(counts), key=str))
    for one, count in counts.items():
        if one not in wanted and one not in set(allowed):
            yield f"{what} {one}: nobody asked for it"
        elif count > 1:
            yield f"{what} {one}: {count} times"
