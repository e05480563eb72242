"""Escalation on the real product in real time: three levels with waits of seconds, stopped at any point."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.eventually import eventually
from tests.product import Product

SECOND = timedelta(seconds=1)
PEOPLE = {"asha": "ravi", "ravi": "lena", "lena": None}
LEVELS = [
    {"to": "assignees", "after": "PT0S"},
    {"to": "managers", "after": "PT2S"},
    {"to": "managers_of_managers", "after": "PT2S"},
]


class Crm:
    """The product as its users meet it, in a tenant of its own."""

    def __init__(self, product: Product, tenant: str) -> None:
        self.product = product
        self.admin = product.client(tenant=tenant, user="olga")
        self.people = {name: product.client("user", name, tenant) for name in PEOPLE}

    async def prepare(self) -> None:
        for name, manager in PEOPLE.items():
            person = {"name": name.title(), "email": f"{name}@example.com", "timezone": "UTC", "locale": "en",
                      "roles": [], "teams": [], "manager_id": manager, "active": True, "metadata": {}}  # fmt: skip
            (await self.admin.put(f"/v1/users/{name}", json=person)).raise_for_status()
        policy = {"reminders": [], "overdue_after": "PT0S", "escalation": {"levels": LEVELS}, "calendar": None}
        for kind in ("follow_up", "task"):
            (await self.admin.put(f"/v1/admin/policies/{kind}", json=policy)).raise_for_status()

    async def create(self, id_: str, due: datetime) -> None:
        data = {"id": id_, "title": f"Offer {id_}", "due_at": due.isoformat(), "assignee_ids": ["asha"]}
        event = {"id": f"e-{id_}", "type": "follow_up.created", "time": datetime.now(UTC).isoformat(), "data": data}
        (await self.admin.post("/v1/events", json=event)).raise_for_status()

    async def told(self, name: str, id_: str, type_: str = "follow_up.overdue") -> list[dict[str, Any]]:
        answer = await self.people[name].get("/v1/notifications?limit=100")
        items = answer.raise_for_status().json()["items"]
        return [item for item in items if item["entity"]["id"] == id_ and item["type"] == type_]

    async def entity(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.admin.get(f"/v1/entities/follow_up/{id_}")).raise_for_status().json()
        return found

    async def acknowledge(self, name: str, id_: str) -> httpx.Response:
        return await self.people[name].post(f"/v1/entities/follow_up/{id_}/acknowledge")


@asynccontextmanager
async def _crm(product: Product, tenant: str) -> AsyncIterator[Crm]:
    crm = Crm(product, tenant)
    await crm.prepare()
    yield crm
    for client in (crm.admin, *crm.people.values()):
        await client.aclose()


@pytest.fixture
async def crm(product: Product, tenant: str) -> AsyncIterator[Crm]:
    async with _crm(product, tenant) as crm:
        yield crm


async def test_three_levels_come_in_order_and_an_acknowledgement_at_any_point_stops_them(crm: Crm) -> None:
    """One runs through; one is taken before its second level, one between two."""
    now = datetime.now(UTC).replace(microsecond=0)
    due = now + 3 * SECOND
    for id_ in ("runs", "early", "between"):
        await crm.create(id_, due)
    # A worker that has just started may not answer within three seconds; to ask again is safe.
    while (refused := await crm.acknowledge("asha", "early")).status_code == 503:
        pass
    assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_acknowledge")

    async def overdue() -> bool:
        return bool(await crm.told("asha", "early"))

    await eventually(overdue)
    taken = (await crm.acknowledge("asha", "early")).raise_for_status().json()
    assert (taken["state"], taken["acknowledged_by"]) == ("acknowledged", "asha")

    async def escalated() -> bool:
        return bool(await crm.told("ravi", "between"))

    await eventually(escalated)
    (note,) = await crm.told("ravi", "between")
    shown = (await crm.people["ravi"].post(f"/v1/notifications/{note['id']}/acknowledge")).raise_for_status().json()
    assert shown["acknowledged_at"] is not None

    async def exhausted() -> bool:
        rows = (await crm.entity("runs"))["timeline"]
        return any(row["key"].endswith("-exhausted") and row["outcome"] != "planned" for row in rows)

    await eventually(exhausted)
    instants = [(await crm.told(name, "runs"))[0]["created_at"] for name in PEOPLE]
    for number, text in enumerate(instants):
        assert datetime.fromisoformat(text) >= due + 2 * number * SECOND
    assert instants == sorted(instants)
    await asyncio.sleep(0)
    counts = {id_: [len(await crm.told(name, id_)) for name in PEOPLE] for id_ in ("runs", "early", "between")}
    assert counts == {"runs": [1, 1, 1], "early": [1, 0, 0], "between": [1, 1, 0]}
    assert [len(await crm.told("asha", id_, "escalation.acknowledged")) for id_ in ("early", "between")] == [0, 1]
    stages = {id_: (await crm.entity(id_))["state"] for id_ in counts}
    assert stages == {"runs": "escalated", "early": "acknowledged", "between": "acknowledged"}
    for id_ in ("early", "between"):
        rows = (await crm.entity(id_))["timeline"]
        assert {"withheld/acknowledged"} <= {f"{row['outcome']}/{row['reason']}" for row in rows}


@pytest.mark.thorough
async def test_what_was_acknowledged_survives_a_restart(tmp_path: Path, tenant: str) -> None:
    """Stopped and started between acknowledgement and the next level: nobody is told."""
    async with Product(tmp_path) as product, _crm(product, tenant) as crm:
        await crm.create("kept", datetime.now(UTC) + SECOND)

        async def overdue() -> bool:
            return bool(await crm.told("asha", "kept"))

        await eventually(overdue)
        (await crm.acknowledge("asha", "kept")).raise_for_status()
        await crm.product.stop()
        await crm.product.start()
        await crm.create("after", datetime.now(UTC) + SECOND)

        async def escalated() -> bool:
            return bool(await crm.told("ravi", "after"))

        await eventually(escalated)
        assert await crm.told("ravi", "kept") == []
