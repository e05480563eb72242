"""Acts against a real Temporal with a real worker: what the fakes of the other tests stand for."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from api import gateway
from api.acknowledge_links import WORDS
from api.gateway import Gateway
from punctual.client import Punctual
from punctual.errors import ActRefused
from punctual.policy import Escalation, Level, Policy
from store.links import LIFETIME, AcknowledgeLink
from tests.api.conftest import World, assert_problem
from tests.api.rows import late
from tests.eventually import eventually
from tests.world import World as Living
from tests.world import living

LATE_AT_ONCE = Policy(overdue_after="PT0S", escalation=Escalation(levels=[Level(to="managers", after="PT1H")]))


@dataclass
class Crm:
    """A CRM that follows up: over HTTP, and with the client of ours, on one Temporal."""

    http: World
    world: Living
    punctual: Punctual

    async def tell(self, type_: str = "created", **data: Any) -> None:
        self.world.kind = "follow_up"
        event = self.world.event(type_, datetime.now(UTC), id=uuid.uuid4().hex, **data)
        assert (await self.call("POST", "/v1/events", role="service", json=event)).status_code == 202
        await eventually(self.world.state)

    async def call(self, method: str, path: str, **options: Any) -> Any:
        return await self.http.call(method, path, tenant=self.world.tenant, **options)

    async def act(self, what: str, **options: Any) -> Any:
        return await self.call("POST", f"/v1/entities/follow_up/42/{what}", **options)

    async def is_late(self) -> None:
        """A follow-up that is due within a second, and then overdue."""
        await self.tell(due_at=datetime.now(UTC) + timedelta(seconds=1))
        await eventually(lambda: self.is_now("overdue"))

    async def is_now(self, state: str) -> bool:
        return await self.world.state() == state


@pytest.fixture
async def crm(world: World, temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Crm]:
    """However slow this machine is, the worker is there."""
    monkeypatch.setattr(gateway, "ANSWER_WITHIN", 15)
    world.app.state.gateway = Gateway(temporal.client)
    async with living(world.ours.database, temporal.client, kind="follow_up") as running:
        await running.follow(LATE_AT_ONCE)
        yield Crm(world, running, Punctual(temporal.client))


async def test_what_is_late_is_acknowledged_once_and_by_those_who_may(crm: Crm) -> None:
    """The answer says how it stands; whoever comes later hears who was first; what has ended is over."""
    await crm.is_late()
    assert_problem(await crm.act("acknowledge", user="stranger"), 404)
    answer = await crm.act("acknowledge", user="ravi")
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"state", "acknowledged_by", "next_step_at"}
    assert (answer.json()["state"], answer.json()["acknowledged_by"]) == ("acknowledged", "ravi")
    late = await crm.act("acknowledge", user="asha")
    body = assert_problem(late, 409)
    assert (body["code"], body["detail"]) == ("nothing_to_acknowledge", "ravi has it in hand.")
    past = await crm.act("snooze", json={"until": "2026-01-01T00:00:00Z"})
    assert assert_problem(past, 422)["code"] == "invalid"
    await crm.tell("completed", due_at=datetime.now(UTC))
    await eventually(lambda: crm.is_now("closed"))
    assert assert_problem(await crm.act("remind-now"), 409)["code"] == "closed"


async def test_the_mails_link_acknowledges(crm: Crm) -> None:
    """As whoever the mail was for; their notification is marked, on the page and in the inbox."""
    await crm.is_late()
    [note] = [note for note in await crm.world.inbox("asha") if note.type == "follow_up.overdue"]
    link = AcknowledgeLink(crm.world.tenant, note.id, "asha", datetime.now(UTC) + LIFETIME)
    page = await crm.http.http.post(f"/a/{link.token(crm.http.ours.vault)}")
    assert (page.status_code, WORDS["en"]["done"] in page.text) == (200, True)
    shown = (await crm.call("GET", f"/v1/notifications/{note.id}")).json()
    assert shown["acknowledged_at"]
    again = (await crm.call("POST", f"/v1/notifications/{note.id}/acknowledge")).json()
    assert again["acknowledged_at"] == shown["acknowledged_at"]


async def test_an_act_brings_an_ended_workflow_back_to_life(crm: Crm, temporal: WorkflowEnvironment) -> None:
    """An operator had terminated it; its timeline goes on, and can be asked for from Python."""
    ref = crm.world.ref()
    await crm.tell(due_at=datetime.now(UTC) + timedelta(days=3))

    async def planned() -> bool:
        steps = await crm.punctual.timeline(ref.tenant, ref.kind, ref.id)
        return [step.stage for step in steps] == ["overdue", "escalation", "exhausted"]

    await eventually(planned)
    await temporal.client.get_workflow_handle(ref.workflow_id).terminate()
    until = (datetime.now(UTC) + timedelta(days=4)).replace(microsecond=0)
    answer = await crm.act("snooze", json={"until": until.isoformat()})
    assert answer.status_code == 200, answer.text
    assert datetime.fromisoformat(answer.json()["next_step_at"]) == until
    first = (await crm.punctual.timeline(ref.tenant, ref.kind, ref.id))[0]
    assert first.due_at == until


async def test_python_acts_as_http_does(crm: Crm) -> None:
    """Refusals have a code; what there is no workflow of is an RPC error; single events can be told too."""
    tenant = crm.world.tenant
    await crm.is_late()
    with pytest.raises(ActRefused) as refused:
        await crm.punctual.acknowledge(tenant, "follow_up", "42", "stranger")
    assert refused.value.code == "not_yours"
    stands = await crm.punctual.acknowledge(tenant, "follow_up", "42", "asha")
    assert (stands["state"], stands["acknowledged_by"]) == ("acknowledged", "asha")
    snoozed = await crm.punctual.snooze(tenant, "follow_up", "42", "asha", "next_working_morning")
    assert snoozed["state"] == "acknowledged"
    with pytest.raises(RPCError):
        await crm.punctual.acknowledge(tenant, "follow_up", "unknown", "asha")
    data = {"title": "Keys", "message": "They are back.", "recipients": {"user_ids": ["asha"]}}
    told = await crm.punctual.tell(tenant, {"id": "s1", "type": "custom", "data": data})
    assert told.startswith(f"{tenant}/notification/")

    async def arrived() -> bool:
        return "custom" in await crm.world.types("asha")

    await eventually(arrived)


async def test_a_policy_reaches_what_is_open(crm: Crm) -> None:
    """The workflow itself plans anew."""
    await crm.tell(due_at=datetime.now(UTC) + timedelta(days=3))
    body = {"reminders": [{"before": "PT1H"}, {"before": "PT2H"}]}
    for path, role in (("POST", "/preview"), ("PUT", "?apply=open")):
        answer = await crm.call(path, f"/v1/admin/policies/follow_up{role}", role="admin", json=body)
        assert answer.status_code == 200, answer.text
        if path == "POST":
            assert answer.json() == {"entities": 1, "steps_moved": 0, "steps_added": 2, "steps_removed": 3}

    async def replanned() -> bool:
        ref = crm.world.ref()
        return [step.stage for step in await crm.punctual.timeline(ref.tenant, ref.kind, ref.id)] == ["reminder"] * 2

    await eventually(replanned)


async def test_when_no_worker_answers_the_client_is_to_come_back(
    world: World, temporal: WorkflowEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, and no entity is harmed."""
    monkeypatch.setattr(gateway, "ANSWER_WITHIN", 0.2)
    world.app.state.gateway = Gateway(temporal.client)
    ref = await late(world, "nobody-works-here")
    answer = await world.call("POST", "/v1/entities/follow_up/nobody-works-here/acknowledge")
    assert_problem(answer, 503)
    assert answer.headers["retry-after"]
    # No other test's worker is to find it.
    await temporal.client.get_workflow_handle(ref.workflow_id).terminate()
