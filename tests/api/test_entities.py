"""Entities, their timelines, and who sees them; policies; the catalogue; health."""

from datetime import UTC, datetime
from typing import Any

import pytest

from punctual import events, registry
from punctual.appointment import DEFAULT
from punctual.lifecycle import Record, apply
from punctual.planning import Entry
from punctual.protocol import Ref
from punctual.timeline import Step
from store import entities, ledger
from store.ledger import Delivery
from tests.api.conftest import World, assert_problem, event

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


async def entity(
    world: World, id_: str = "42", *, state: str = "open", assignees: tuple[str, ...] = ("asha",)
) -> Ref:
    """An appointment as `plan` leaves it."""
    ref = Ref(tenant="acme", kind="appointment", id=id_)
    record, _ = apply(Record(), events.parse(event(id=id_), now=AT), registry.KINDS["appointment"])
    async with world.ours.database.write() as db:
        await entities.save(db, ref, record, state=state, due_at=AT, next_step_at=AT, now=AT)
        await entities.assign(db, ref, assignees)
    return ref


async def people(world: World, **managers: str | None) -> None:
    body = [{"id": id_, "name": id_, "manager_id": manager} for id_, manager in managers.items()]
    assert (await world.call("PUT", "/v1/users", role="service", json=body)).status_code == 200


async def test_the_timeline_shows_every_step_and_every_recipient(world: World) -> None:
    """The exact shape of the contract; `detail` only where there is one."""
    ref = await entity(world)
    step = Step(key="event-1", type="appointment.scheduled", stage="notice", due_at=AT)
    later = Step(key="reminder-1", type="appointment.reminder", stage="reminder", due_at=AT.replace(hour=10))
    refused = Step(key="refused-1", type="unknown", stage="notice", due_at=AT.replace(hour=11))
    async with world.ours.database.write() as db:
        rows = [Entry(step, "sent"), Entry(later), Entry(refused, "failed", "rejected", "/id: is required")]
        await entities.add_entries(db, ref, rows, AT)
        row = Delivery("d1", "asha", "inbox", "event-1", "n1", "sent", None, AT)
        await ledger.add(
            db, ref, [row, Delivery("d2", "asha", "email", "event-1", "n1", "withheld", "preference", AT)]
        )
    found = (await world.call("GET", "/v1/entities/appointment/42", role="service")).json()
    timeline = found.pop("timeline")
    snapshot = found.pop("entity")
    assert found == {
        "kind": "appointment", "id": "42", "state": "open", "next_step_at": "2026-11-20T09:00:00Z",
        "acknowledged_by": None,
    }  # fmt: skip
    assert snapshot["title"] == "Visit"
    recipient = {"user_id": "asha", "at": "2026-11-20T09:00:00Z"}
    assert timeline == [
        {
            "key": "event-1", "type": "appointment.scheduled", "due_at": "2026-11-20T09:00:00Z", "outcome": "sent",
            "reason": None, "recipients": [
                {**recipient, "channel": "email", "outcome": "withheld", "reason": "preference"},
                {**recipient, "channel": "inbox", "outcome": "sent", "reason": None},
            ],
        },
        {
            "key": "reminder-1", "type": "appointment.reminder", "due_at": "2026-11-20T10:00:00Z",
            "outcome": "planned", "reason": None, "recipients": [],
        },
        {
            "key": "refused-1", "type": "unknown", "due_at": "2026-11-20T11:00:00Z", "outcome": "failed",
            "reason": "rejected", "recipients": [], "detail": "/id: is required",
        },
    ]  # fmt: skip


async def test_an_entity_of_refused_events_only_is_null(world: World) -> None:
    """There is a timeline to look at, but no snapshot."""
    ref = Ref(tenant="acme", kind="appointment", id="refused")
    async with world.ours.database.write() as db:
        await entities.save(db, ref, Record(), state="open", due_at=None, next_step_at=None, now=AT)
    found = (await world.call("GET", "/v1/entities/appointment/refused", role="service")).json()
    assert (found["entity"], found["next_step_at"], found["timeline"]) == (None, None, [])


async def test_a_user_sees_what_is_assigned_to_it_or_below_it(world: World) -> None:
    """Up the chain of managers everybody sees it, beside it nobody: 404 like an unknown id."""
    await people(world, asha="ravi", ravi="lena", lena=None, ben="ravi")
    await entity(world)
    for user, visible in (("asha", True), ("ravi", True), ("lena", True), ("ben", False), ("stranger", False)):
        answer = await world.call("GET", "/v1/entities/appointment/42", user=user)
        items = (await world.call("GET", "/v1/entities", user=user)).json()["items"]
        assert (answer.status_code, len(items)) == ((200, 1) if visible else (404, 0)), user
    unknown = await world.call("GET", "/v1/entities/appointment/unknown", user="ben")
    assert (await world.call("GET", "/v1/entities/appointment/42", user="ben")).content == unknown.content


async def test_other_tenants_entities_do_not_exist(world: World) -> None:
    """Not for their admins either."""
    await entity(world)
    theirs = await world.call("GET", "/v1/entities/appointment/42", role="admin", tenant="other")
    unknown = await world.call("GET", "/v1/entities/appointment/1", role="admin", tenant="other")
    assert_problem(theirs, 404)
    assert theirs.content == unknown.content
    assert (await world.call("GET", "/v1/entities", role="admin", tenant="other")).json()["items"] == []


async def test_the_list_filters_and_pages(world: World) -> None:
    """By kind, state and assignee, each entity once."""
    for number in range(4):
        await entity(world, f"a{number}", state="overdue" if number % 2 else "open", assignees=(f"u{number}",))

    async def found(**query: Any) -> list[str]:
        page = (await world.call("GET", "/v1/entities", role="service", params=query)).json()
        rest = await found(**{**query, "cursor": page["next_cursor"]}) if page["next_cursor"] else []
        return [item["id"] for item in page["items"]] + rest

    assert await found(limit=3) == ["a0", "a1", "a2", "a3"]
    assert await found(state="overdue", limit=1) == ["a1", "a3"]
    assert await found(assignee="u2") == ["a2"]
    assert await found(kind="ticket") == []
    item = (await world.call("GET", "/v1/entities", role="service")).json()["items"][0]
    assert set(item) == {"kind", "id", "state", "entity", "next_step_at", "acknowledged_by"}


@pytest.mark.parametrize("query", ["state=bad", "kind=A%00", "assignee=a/b", "limit=0", "cursor=x"])
async def test_bad_filters_are_refused(world: World, query: str) -> None:
    """422 with the parameter's name."""
    body = assert_problem(await world.call("GET", f"/v1/entities?{query}", role="service"), 422)
    assert body["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


POLICY = "/v1/admin/policies/appointment"


async def test_without_a_stored_policy_the_default_is_shown(world: World) -> None:
    """As the contract writes it: a reminder has one field, what is off is null."""
    shown = (await world.call("GET", POLICY, role="admin")).json()
    assert shown["reminders"] == [{"before": "PT24H"}, {"before": "PT1H"}]
    assert shown["escalation"]["levels"][0] == {"to": "assignees", "after": "PT0S"}
    assert shown["escalation"]["acknowledgement_expires"] is None
    assert (shown["calendar"]["timezone"], shown["calendar"]["country"]) == (None, None)
    assert shown["calendar"]["hours"]["mon"] == [["09:00", "18:00"]]
    assert shown["late_cutoff"] == DEFAULT.late_cutoff


async def test_a_policy_is_replaced_whole_and_belongs_to_its_tenant(world: World) -> None:
    """What GET shows can be PUT again; what is left out is off; other tenants keep the default."""
    default = (await world.call("GET", POLICY, role="admin")).json()
    assert (await world.call("PUT", POLICY, role="admin", json=default)).json() == default
    own = {"reminders": [{"day_before_at": "09:00"}], "overdue_after": "PT5S", "calendar": None}
    stored = (await world.call("PUT", POLICY, role="admin", json=own)).json()
    assert stored["reminders"] == own["reminders"]
    assert (stored["calendar"], stored["escalation"]["levels"]) == (None, [])
    assert (await world.call("GET", POLICY, role="admin")).json() == stored
    assert (await world.call("GET", POLICY, role="admin", tenant="other")).json() == default


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reminders": [{"before": "1 hour"}]}, "reminders.0.before"),
        ({"reminders": [{}]}, "reminders.0"),
        ({"overdue_after": 15}, "overdue_after"),
        ({"escalation": {"levels": [{"to": "everyone", "after": "PT0S"}]}}, "escalation.levels.0.to"),
        ({"calendar": {"hours": {"mon": [["18:00", "09:00"]]}}}, "calendar.hours.mon"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_bad_policies_are_refused(world: World, body: dict[str, Any], field: str) -> None:
    """Each field that cannot be followed is named, and nothing is stored."""
    before = (await world.call("GET", POLICY, role="admin")).json()
    problem = assert_problem(await world.call("PUT", POLICY, role="admin", json=body), 422)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert (await world.call("GET", POLICY, role="admin")).json() == before


async def test_unknown_kinds_are_404(world: World) -> None:
    """There is no policy for what does not exist."""
    for method, options in (("GET", {}), ("PUT", {"json": {}})):
        assert_problem(await world.call(method, "/v1/admin/policies/spaceship", role="admin", **options), 404)


async def test_every_example_of_the_catalogue_can_be_posted(world: World) -> None:
    """The catalogue shows the contract's fields, and an event type's example is good data for it."""
    items = (await world.call("GET", "/v1/catalogue")).json()["items"]
    assert set(items[0]) >= {
        "type", "category", "priority", "channels", "mandatory", "digestible", "audience", "fields", "aliases",
        "example",
    }  # fmt: skip
    for item in items:
        body = {**event("e1", item["type"]), "data": item["example"]}
        answer = await world.call("POST", "/v1/events", role="service", json=body)
        assert answer.status_code == 202, (item["type"], answer.text)


async def test_health_and_readiness(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alive is always yes; ready names what is down, to anybody who asks."""
    assert (await world.call("GET", "/healthz", role="")).status_code == 200
    assert (await world.call("GET", "/readyz", role="")).json() == {"status": "ok"}
    world.temporal.down = True
    answer = await world.call("GET", "/readyz", role="")
    assert assert_problem(answer, 503)["detail"] == "Down: temporal."
    assert (await world.call("GET", "/healthz", role="")).status_code == 200
    monkeypatch.setattr(world.ours.database, "engine", None)
    answer = await world.call("GET", "/readyz", role="")
    assert assert_problem(answer, 503)["detail"] == "Down: database, temporal."
