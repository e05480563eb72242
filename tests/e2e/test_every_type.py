"""Every notification type through the public interface: posted or lived, read back from the inboxes it belongs in."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import catalogue
from activities.rendering import render
from punctual.registry import ENTITIES, kind_of
from tests.eventually import eventually
from tests.product import Product
from tests.test_catalogue import TABLE

NOTICES = catalogue.load()
# Who a notice's audience means, in a directory in which everybody is somebody else.
PEOPLE: dict[str, dict[str, Any]] = {
    "asha": {"manager_id": "ravi"}, "ravi": {"manager_id": "lena"}, "lena": {}, "prev": {}, "cara": {},
    "rita": {}, "agni": {}, "sela": {}, "paya": {}, "upal": {}, "arti": {}, "auth": {}, "usha": {},
    "olga": {"roles": ["admin"]}, "stan": {"roles": ["staff"]}, "bina": {"roles": ["business_admin"]},
    "sam": {"roles": ["store_manager"], "teams": ["store-a"]},
    "sia": {"roles": ["store_manager"], "teams": ["store-b"]},
    "tom": {"teams": ["store-a"]},
}  # fmt: skip
MEANT = {
    "assignees": {"asha"}, "previous_assignees": {"prev"}, "creator": {"cara"}, "requester": {"rita"},
    "agent": {"agni"}, "seller": {"sela"}, "payee": {"paya"}, "uploader": {"upal"}, "artist": {"arti"},
    "author": {"auth"}, "user": {"usha"}, "managers": {"ravi"}, "from_team": {"sam"}, "to_team": {"sia"},
    "role:admin": {"olga"}, "role:staff": {"stan"}, "role:business_admin": {"bina"},
    "role:store_manager": {"sam", "sia"}, "everyone": set(PEOPLE),
}  # fmt: skip
FIELDS = {
    "assignee_ids": ["asha"], "assignee_id": "asha", "previous_assignee_ids": ["prev"], "creator_id": "cara",
    "requester_id": "rita", "agent_id": "agni", "seller_id": "sela", "payee_id": "paya", "uploader_id": "upal",
    "artist_id": "arti", "author_id": "auth", "user_id": "usha", "from_team": "store-a", "to_team": "store-b",
}  # fmt: skip
"""The fields that name people, as a CRM fills them."""

SINGLE = [
    type_
    for type_, notice in NOTICES.items()
    if notice.entity is None and not type_.startswith("escalation.") and "inbox" in notice.about.channels
]
EVENTS = [type_ for kind in ENTITIES.values() for type_ in kind.events]


class Inboxes:
    """The product, told by its API and read as each of its users."""

    def __init__(self, product: Product, tenant: str) -> None:
        self.admin = product.client("admin", "olga", tenant)
        self.users = {name: product.client("user", name, tenant) for name in PEOPLE}
        self.now = datetime.now(UTC)
        self.posted = 0

    async def prepare(self) -> None:
        base = {"email": None, "timezone": "Asia/Kolkata", "locale": "en", "roles": [], "teams": [],
                "manager_id": None, "active": True, "metadata": {}}  # fmt: skip
        people = [{"id": name, "name": name.title(), **base, **more} for name, more in PEOPLE.items()]
        for person in people:
            person["email"] = f"{person['id']}@example.com"
        (await self.admin.put("/v1/users", json=people)).raise_for_status()
        policy = {
            "reminders": [{"before": "PT1S"}], "overdue_after": "PT0S", "calendar": None,
            "escalation": {"levels": [{"to": "assignees", "after": "PT0S"}, {"to": "managers", "after": "PT4S"}]},
        }  # fmt: skip
        for kind in ENTITIES:
            (await self.admin.put(f"/v1/admin/policies/{kind}", json=policy)).raise_for_status()

    def event(self, type_: str, data: Mapping[str, Any], ago: timedelta = timedelta(0)) -> dict[str, Any]:
        self.posted += 1
        return {
            "specversion": "1.0", "id": f"n{self.posted}", "source": "test", "type": type_,
            "time": (datetime.now(UTC) - ago).isoformat(), "data": dict(data),
        }  # fmt: skip

    async def post(self, *events: dict[str, Any]) -> list[str]:
        answer = await self.admin.post("/v1/events", json=list(events))
        assert answer.status_code == 202, answer.text
        return [item["workflow_id"].rsplit("/", 1)[-1] for item in answer.json()["accepted"]]

    async def read(self, name: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor = ""
        while cursor is not None:
            answer = await self.users[name].get(f"/v1/notifications?limit=100{cursor and '&cursor=' + cursor}")
            page = answer.raise_for_status().json()
            items += page["items"]
            cursor = page["next_cursor"]
        return items

    async def who_got(self, type_: str, entity_id: str) -> dict[str, dict[str, Any]]:
        """Each reader of a notification of this type about this entity."""
        return {
            name: item
            for name in PEOPLE
            for item in await self.read(name)
            if item["type"] == type_ and item["entity"]["id"] == entity_id
        }


@pytest.fixture(scope="module")
async def inboxes(product: Product) -> AsyncIterator[Inboxes]:
    inboxes = Inboxes(product, "types")
    await inboxes.prepare()
    yield inboxes
    for client in (inboxes.admin, *inboxes.users.values()):
        await client.aclose()


def example(type_: str) -> dict[str, Any]:
    """The catalogue's example, with other people in it."""
    data = {key: value for key, value in NOTICES[type_].about.example.items() if key != "recipients"}
    known = set(NOTICES[type_].fields)
    return {**data, **{key: value for key, value in FIELDS.items() if key in known}}


def meant(type_: str, data: Mapping[str, Any]) -> set[str]:
    """Who is to be told, by the table of the catalogue's own test."""
    words = NOTICES[type_].audience(data)
    return set().union(*(MEANT[word] for word in words))


async def test_every_single_event_arrives_where_it_belongs(inboxes: Inboxes) -> None:
    """Each example, as the catalogue gives it: audience, priority, category and words."""
    told: dict[str, tuple[dict[str, Any], set[str]]] = {}
    events = []
    for type_ in SINGLE:
        data = example(type_)
        people = meant(type_, data)
        if not people:
            data["recipients"], people = {"user_ids": ["tom"]}, {"tom"}
        events.append(inboxes.event(type_, data))
        told[type_] = (data, people)
    ids = await inboxes.post(*events)

    async def all_told() -> bool:
        answer = await inboxes.admin.get("/v1/entities?kind=notification&state=closed&limit=100")
        return {item["id"] for item in answer.json()["items"]} >= set(ids)

    await eventually(all_told, within=40)
    found = {name: await inboxes.read(name) for name in PEOPLE}
    now = datetime.now(UTC)
    for (type_, (data, people)), entity_id in zip(told.items(), ids, strict=True):
        got = {
            name: item for name, items in found.items() for item in items
            if item["type"] == type_ and item["entity"]["id"] == entity_id
        }  # fmt: skip
        assert set(got) == people, type_
        priority = TABLE[type_][0]
        notice = NOTICES[type_]
        title, message, _ = render(notice, notice.normal(data), locale="en", timezone="Asia/Kolkata", now=now)
        for item in got.values():
            assert item["priority"] == (data.get("priority") or priority), type_
            assert (item["title"], item["message"]) == (title, message)
            assert item["category"] == (data.get("category") or notice.about.category)


async def test_every_entity_event_arrives_where_it_belongs(inboxes: Inboxes) -> None:
    """Each event type of each kind, about an entity of its own."""
    events, expected = [], []
    later = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    for type_ in EVENTS:
        told = kind_of(type_).notice(type_)
        data = {**example(told), "id": f"one-{type_.replace('.', '-')}"}
        data |= {name: later for name in ("due_at", "starts_at", "resolution_due_at", "callback_at") if name in data}
        data.pop("ends_at", None)
        if "message" in data:
            data["message"] = {"id": "m", "author_id": "rita", "text": "Hello there"}
        events.append(inboxes.event(type_, data))
        people = meant(told, data) - ({"rita"} if told == "ticket.message" else set())
        expected.append((told, data, people))
    await inboxes.post(*events)

    async def arrived() -> bool:
        answers = [await inboxes.admin.get(f"/v1/entities?kind={kind}&limit=100") for kind in ENTITIES]
        items = [item for answer in answers for item in answer.json()["items"]]
        return len([item for item in items if item["id"].startswith("one-")]) == len(EVENTS)

    await eventually(arrived, within=40)
    told, data, people = expected[-1]

    async def told_all() -> bool:
        got = [await inboxes.who_got(told, data["id"]) for told, data, _ in expected[-3:]]
        return all(got)

    await eventually(told_all, within=30)
    found = {name: await inboxes.read(name) for name in PEOPLE}
    for told, data, people in expected:
        got = {
            name: item for name, items in found.items() for item in items
            if item["type"] == told and item["entity"]["id"] == data["id"]
        }  # fmt: skip
        assert set(got) == people, told
        named = data.get("title") or data["subject"]
        for item in got.values():
            assert item["priority"] == TABLE[told][0], told
            assert named in item["title"], told


async def test_reminders_overdue_and_escalation_come_by_themselves(inboxes: Inboxes) -> None:
    """Of each kind the reminder, what is late, the manager's level, the admins' last word; and one that is taken."""
    due = (datetime.now(UTC) + timedelta(seconds=4)).isoformat()
    soon = {
        "appointment": {"starts_at": due, "title": "Visit", "customer_name": "Meera Iyer"},
        "follow_up": {"due_at": due, "title": "Offer"},
        "task": {"due_at": due, "title": "Call"},
        "ticket": {
            "subject": "Dark", "priority": "high", "opened_at": datetime.now(UTC).isoformat(),
            "resolution_due_at": due, "first_response_due_at": due, "callback_at": due,
        },
    }  # fmt: skip
    begins = {"appointment": "scheduled", "follow_up": "created", "task": "created", "ticket": "created"}
    events = [
        inboxes.event(f"{kind}.{begins[kind]}", {"id": f"{what}-{kind}", "assignee_ids": ["asha"], **data})
        for kind, data in soon.items()
        for what in ("left", "taken")
    ]
    await inboxes.post(*events)

    async def overdue() -> bool:
        answer = await inboxes.admin.get("/v1/entities?state=overdue&limit=100")
        return len(answer.json()["items"]) == len(events)

    await eventually(overdue, within=20)
    for kind in soon:
        answer = await inboxes.users["asha"].post(f"/v1/entities/{kind}/taken-{kind}/acknowledge")
        assert answer.status_code == 200, answer.text

    async def exhausted() -> bool:
        got = [await inboxes.who_got("escalation.exhausted", f"left-{kind}") for kind in soon]
        return all(got)

    await eventually(exhausted, within=20)
    found = {name: await inboxes.read(name) for name in PEOPLE}

    def got(type_: str, entity_id: str) -> set[str]:
        mine = (
            (name, item) for name, items in found.items() for item in items
            if item["type"] == type_ and item["entity"]["id"] == entity_id
        )  # fmt: skip
        people = set()
        for name, item in mine:
            assert item["priority"] == TABLE[type_][0], type_
            people.add(name)
        return people

    late = {
        "appointment": ["appointment.outcome_missing"], "follow_up": ["follow_up.overdue"], "task": ["task.overdue"],
        "ticket": ["ticket.overdue", "ticket.response_overdue"],
    }  # fmt: skip
    for kind, types in late.items():
        assert got(ENTITIES[kind].reminder, f"left-{kind}") == {"asha"}
        for type_ in types:
            assert got(type_, f"left-{kind}") == {"asha", "ravi"}
            assert got(type_, f"taken-{kind}") == {"asha"}
        assert got("escalation.exhausted", f"left-{kind}") == {"olga"}
        assert got("escalation.exhausted", f"taken-{kind}") == set()
    assert got("ticket.callback_due", "left-ticket") == {"asha"}
    # Who took it is not told of it; nobody else had been told before.
    assert got("escalation.acknowledged", "taken-task") == set()


async def test_every_example_posts_as_it_stands(inboxes: Inboxes) -> None:
    """What `GET /v1/catalogue` shows can be posted as it is."""
    items = (await inboxes.admin.get("/v1/catalogue")).json()["items"]
    assert {item["type"] for item in items} == set(NOTICES)
    await inboxes.post(*(inboxes.event(item["type"], item["example"]) for item in items))


async def test_old_names_are_understood(inboxes: Inboxes) -> None:
    """Each alias is told as what it is called now."""
    aliases = catalogue.aliases(NOTICES)
    await inboxes.post(*(inboxes.event(alias, NOTICES[type_].about.example) for alias, type_ in aliases.items()))
