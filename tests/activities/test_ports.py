"""What workflows ask for is what there is: names, requests and answers, which no import ties together."""

import inspect
import typing
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio import activity

from activities import wiring
from punctual.channels import CHANNELS
from punctual.client import TASK_QUEUE
from punctual.protocol import ComposeRequest, DeliverRequest, DigestRequest, GatherRequest, PlanRequest, Ref
from store.bus import LocalBus
from store.engine import Database
from workflows import ports

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
REF = Ref(tenant="acme", kind="appointment", id="42")
REQUESTS: dict[type[BaseModel], BaseModel] = {
    PlanRequest: PlanRequest(ref=REF, now=NOW),
    GatherRequest: GatherRequest(ref=REF, now=NOW),
    ComposeRequest: ComposeRequest(ref=REF, key="k", now=NOW),
    DigestRequest: DigestRequest(now=NOW, due_by=NOW),
    DeliverRequest: DeliverRequest(ref=REF, key="k", channel="email", until=NOW),
}
STUBS = {
    name: stub
    for name, stub in vars(ports).items()
    if inspect.iscoroutinefunction(stub) and stub.__module__ == ports.__name__ and not name.startswith("_")
}


@pytest.fixture
def implemented(sqlite: Database) -> dict[str, Any]:
    """The definitions of all activities that a worker registers, by name."""
    settings = SimpleNamespace(action_url_hosts=[])
    resources: Any = SimpleNamespace(
        database=sqlite, settings=settings, notices={}, bus=LocalBus(), suppressions=None
    )
    fast, deliver = wiring.activities(resources, {})
    definitions = [activity._Definition.must_from_callable(each) for each in (*fast, deliver)]
    return {str(definition.name): definition for definition in definitions}


async def _asked(monkeypatch: pytest.MonkeyPatch, stub: Any) -> SimpleNamespace:
    """What the stub would have a workflow ask for."""
    calls: list[SimpleNamespace] = []

    async def execute(name: str, request: BaseModel, **options: Any) -> None:
        calls.append(SimpleNamespace(name=name, request=type(request), **options))

    fake = SimpleNamespace(execute_activity=execute, execute_local_activity=execute, now=lambda: NOW)
    monkeypatch.setattr(ports, "workflow", fake)
    await stub(REQUESTS[typing.get_type_hints(stub)["request"]], "summary")
    (call,) = calls
    return call


@pytest.mark.parametrize("name", STUBS)
async def test_a_stub_means_an_activity_that_there_is(
    name: str, implemented: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The activity of that name takes the stub's request and gives the stub's answer."""
    hints = typing.get_type_hints(STUBS[name])
    asked = await _asked(monkeypatch, STUBS[name])
    definition = implemented[asked.name]
    assert definition.arg_types == [hints["request"]] == [asked.request]
    assert definition.ret_type is hints["return"] is asked.result_type
    queues = {spec.queue for spec in CHANNELS.values() if spec.slow} if asked.name == "deliver" else {TASK_QUEUE}
    assert vars(asked).get("task_queue", TASK_QUEUE) in queues


async def test_every_activity_has_a_stub(implemented: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """None is registered that no workflow can ask for."""
    asked = {(await _asked(monkeypatch, stub)).name for stub in STUBS.values()}
    assert asked == set(implemented)
