"""Compares what a campaign was to push with what its push services saw and what the store says in the end.

It knows nothing of how pushes are sent; the words of its findings name the claim that does not hold.
"""

from base64 import urlsafe_b64encode
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from store.ledger import Delivery
from tests.channels.push_script import AMBIGUOUS, GONE, RACE, REJECTED, RETRIED, TAKEN, Entry

HEADERS = {
    "Host", "User-Agent", "Accept", "Accept-Encoding", "Content-Length", "Content-Type", "Content-Encoding",
    "Authorization", "TTL", "Topic", "Urgency",
}  # fmt: skip
AGAIN = {AMBIGUOUS, "413", "403", RACE, *RETRIED}
ENDS = {TAKEN, GONE, RACE, *REJECTED}
FATES = {("sent", None), ("failed", "rejected"), ("withheld", "no_subscription"), ("expired", "expired")}


@dataclass(frozen=True)
class Task:
    """One message to one person, as it was given to the channel; `at` and `until` bound its attempts."""

    delivery_id: str
    notification_id: str
    tenant: str
    owner: str
    collapse: str
    urgency: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class Device:
    id: str
    owner: str
    service: str
    is_well: bool
    """Its service answers each attempt."""


@dataclass(frozen=True)
class Evidence:
    """`scripted`: the devices and notifications whose first answer was not to be a plain yes."""

    tasks: Sequence[Task]
    devices: Sequence[Device]
    log: Sequence[Entry]
    rows: Sequence[Delivery]
    subscribed: Collection[str]
    scripted: Collection[tuple[str, str]]


def findings(found: Evidence) -> list[str]:
    """What is wrong, in words; nothing where all claims hold."""
    by_pair: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in found.log:
        by_pair[entry.device, entry.notification_id].append(entry)
    tasks = {task.notification_id: task for task in found.tasks}
    devices = {device.id: device for device in found.devices}
    gone = {entry.device: entry.at for entry in reversed(found.log) if entry.verdict == GONE}
    wrong = [*_strangers(found.log, tasks, devices), *_books(found), *_subscriptions(found, gone)]
    if not wrong:
        for entry in found.log:
            wrong += _headers(entry, tasks[entry.notification_id])
        for (device, note), entries in by_pair.items():
            wrong += _sequence(device, note, entries)
        rows = {row.id: row for row in found.rows}
        for task in found.tasks:
            theirs = [device for device in found.devices if device.owner == task.owner]
            seen = {device.id: by_pair.get((device.id, task.notification_id), []) for device in theirs}
            wrong += _told(task, theirs, seen, gone, found.scripted)
            wrong += _fate(task, rows[task.delivery_id], seen)
    return wrong


def _strangers(log: Sequence[Entry], tasks: Mapping[str, Task], devices: Mapping[str, Device]) -> list[str]:
    wrong = []
    for entry in log:
        task, device = tasks.get(entry.notification_id), devices.get(entry.device)
        if task is None or device is None or task.owner != device.owner:
            wrong.append(f"{entry.notification_id} came to {entry.device}, for whom it was not")
        elif not task.at <= entry.at < task.until:
            wrong.append(f"{entry.notification_id} came to {entry.device} at {entry.at}, out of its time")
    return wrong


def _books(found: Evidence) -> list[str]:
    """Conservation: each row that was planned is there, and has ended."""
    planned, there = {task.delivery_id for task in found.tasks}, {row.id for row in found.rows}
    wrong = [f"{id_} is in one of plan and ledger only" for id_ in sorted(planned ^ there)]
    if len(found.rows) != len(there):
        wrong.append("a row is there twice")
    for row in found.rows:
        if (row.outcome, row.reason) not in FATES or row.lease_until is not None:
            wrong.append(f"{row.id} ended as {row.outcome}/{row.reason}, lease {row.lease_until}")
    return wrong


def _subscriptions(found: Evidence, gone: Mapping[str, datetime]) -> list[str]:
    there = {device.id for device in found.devices}
    wrong = [f"{id_} is gone, and still subscribed" for id_ in sorted(gone.keys() & set(found.subscribed))]
    wrong += [f"{id_} was deleted" for id_ in sorted(there - gone.keys() - set(found.subscribed))]
    late = [entry for entry in found.log if entry.at > gone.get(entry.device, entry.at)]
    return wrong + [f"{entry.device} was asked after it was gone" for entry in late]


def _headers(entry: Entry, task: Task) -> list[str]:
    """Only what is ours to say is said, and it is right."""
    headers = entry.headers
    topic = urlsafe_b64encode(sha256(task.collapse.encode()).digest()[:24]).decode()
    left = task.until - entry.at
    rules = {
        "names": set(headers) <= HEADERS,
        "Topic": headers.get("Topic") == topic == entry.tag,
        "Urgency": headers.get("Urgency") == task.urgency,
        "Content-Encoding": headers.get("Content-Encoding") == "aes128gcm",
        "TTL": headers.get("TTL") == str(int(left.total_seconds())),
        "exp": timedelta(0) < datetime.fromtimestamp(entry.claims["exp"], entry.at.tzinfo) - entry.at
        <= timedelta(hours=24),
        "sub": entry.claims["sub"].startswith("mailto:"),
    }  # fmt: skip
    return [
        f"{name} of {entry.notification_id} to {entry.device} is wrong" for name, right in rules.items() if not right
    ]


def _sequence(device: str, note: str, entries: Sequence[Entry]) -> list[str]:
    """What may be tried again, any number of times, and then at most one end."""
    verdicts = [entry.verdict for entry in entries]
    pair = f"{note} to {device}: {verdicts}"
    if _is_too_large(entries):
        verdicts = [*verdicts[:-2], REJECTED[0]]
    wrong = []
    if any(verdict not in AGAIN for verdict in verdicts[:-1]) or verdicts[-1] not in AGAIN | ENDS:
        wrong.append(f"tried again after its end: {pair}")
    if len({(entry.headers.get("Topic"), entry.tag) for entry in entries}) != 1:
        wrong.append(f"repeats do not replace one another: {pair}")
    return wrong


def _is_too_large(entries: Sequence[Entry]) -> bool:
    """Even with the title alone."""
    return [entry.verdict for entry in entries][-2:] == ["413", "413"]


def _told(
    task: Task,
    devices: Sequence[Device],
    seen: Mapping[str, Sequence[Entry]],
    gone: Mapping[str, datetime],
    scripted: Collection[tuple[str, str]],
) -> list[str]:
    """Each device that could be told was told, and at once where nothing was in its own way."""
    wrong = []
    for device in devices:
        entries, gone_at = seen[device.id], gone.get(device.id, task.until)
        if not device.is_well or gone_at <= task.at:
            continue
        is_over = any(entry.verdict in ENDS for entry in entries) or _is_too_large(entries) or gone_at < task.until
        if not is_over:
            wrong.append(f"{task.notification_id} never came to {device.id}")
        elif (device.id, task.notification_id) not in scripted and (not entries or entries[0].at != task.at):
            wrong.append(f"{task.notification_id} was held up on its way to {device.id}")
    return wrong


def _fate(task: Task, row: Delivery, seen: Mapping[str, Sequence[Entry]]) -> list[str]:
    """The ledger says what the services saw."""
    verdicts = [entry.verdict for entries in seen.values() for entry in entries]
    told = {id_ for id_, entries in seen.items() if any(entry.verdict == TAKEN for entry in entries)}
    too_large = any(_is_too_large(entries) for entries in seen.values())
    wrong = []
    if (row.outcome == "sent") != bool(told):
        wrong.append(f"{row.id} is {row.outcome}, and came to {len(told)} devices")
    if set((row.progress or {}).get("devices", [])) != told:
        wrong.append(f"{row.id} says that it came to other devices than it did")
    if row.outcome == "failed" and not (too_large or set(verdicts) & set(REJECTED)):
        wrong.append(f"{row.id} is rejected, and nobody rejected it")
    if row.outcome == "expired" and row.at < task.until:
        wrong.append(f"{row.id} expired before its time")
    return wrong
