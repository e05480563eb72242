"""`/v1/admin/deliveries`: the ledger, page by page, and sending again what failed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.deliveries import Deliveries, Retried
from punctual.lifecycle import Applied, Record
from punctual.protocol import Ref
from punctual.timeline import Entry, Step
from store import directory, entities, inbox, ledger, waiting
from store.ledger import Delivery
from store.retries import RETRYABLE
from tests.api.conftest import World, assert_problem, notification
from tests.store.rows import delivery, note
from tests.world import user

LIST, RETRY = "/v1/admin/deliveries", "/v1/admin/deliveries/retry"
NOW = datetime.now(UTC).replace(microsecond=0)
H = timedelta(hours=1)
NEWS = {"kind": "notification", "type": "custom", "category": "system"}
NIGHT, DAILY = Ref(tenant="acme", kind="quiet_hours", id="asha"), Ref(tenant="acme", kind="digest", id="daily")


async def _event(world: World, id_: str, *rows: Delivery, announces: datetime | None = None, **changes: Any) -> None:
    """A single event that was told to asha by these deliveries."""
    ref = Ref(tenant="acme", kind="notification", id=id_)
    mark = ("2026-11-20T08:00:00.000000Z", False, id_, "crm")
    record = Record(latest=Applied(mark=mark, type="custom", snapshot={"title": "Hello"}))
    step = Step(key=id_, type="custom", stage="notice", due_at=NOW - H, announces=announces)
    written = note(f"note-{id_}", entity_id=id_, step_key=id_, created_at=NOW - H, **{**NEWS, **changes})
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("asha")])
        await entities.save(db, ref, record, state="closed", due_at=None, next_step_at=None, now=NOW)
        await entities.add_entries(db, ref, [Entry(step, "sent")], NOW)
        await inbox.add(db, "acme", [written])
        await ledger.add(db, ref, rows)


def mail(id_: str, event: str | None = None, **changes: Any) -> Delivery:
    values = {"step_key": event or id_, "notification_id": f"note-{event or id_}", "at": NOW - H, **changes}
    return delivery(id_, **{"outcome": "failed", "reason": "timeout", "type": "custom", **values})


async def _rows(world: World) -> dict[str, Delivery]:
    async with world.ours.database.read() as db:
        return {row.id: row for row in await ledger.of_user(db, "acme", "asha")}


async def _retry(world: World, status: int = 202, key: str | None = None, **body: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = await world.call("POST", RETRY, role="admin", json=body, headers=headers)
    assert answer.status_code == status, answer.text
    if status == 202:
        Retried.model_validate_json(answer.content, strict=True)
    found: dict[str, Any] = answer.json()
    return found


async def test_the_list_is_paged_and_holds_no_secret(world: World) -> None:
    """The newest first, by a cursor that is good for the same filters only; progress and addresses are in no item."""
    rows = [mail(f"m{number}", "e", channel=f"c{number}", at=NOW + number * H, progress={"devices": ["x"]})
            for number in range(3)]  # fmt: skip
    await _event(world, "e", *rows)
    answer = await world.call("GET", f"{LIST}?limit=2&outcome=failed", role="admin")
    Deliveries.model_validate_json(answer.content, strict=True)
    first = answer.json()
    assert [item["id"] for item in first["items"]] == ["m2", "m1"]
    rest = f"{LIST}?limit=2&outcome=failed&cursor={first['next_cursor']}"
    second = (await world.call("GET", rest, role="admin")).json()
    assert [item["id"] for item in second["items"]] == ["m0"]
    assert second["next_cursor"] is None
    item = second["items"][0]
    assert (item["entity"], item["attempts"]) == ({"kind": "notification", "id": "e"}, 0)
    assert item["created_at"] == (NOW).isoformat().replace("+00:00", "Z")
    assert not {"progress", "lease_until", "carried_by"} & set(item)
    other = f"{LIST}?outcome=unknown&cursor={first['next_cursor']}"
    assert_problem(await world.call("GET", other, role="admin"), 422)
    assert_problem(await world.call("GET", LIST, role="service"), 403)
    assert (await world.call("GET", LIST, role="admin", tenant="other")).json()["items"] == []


async def test_what_failed_is_to_be_sent_again_and_its_workflow_is_told(world: World) -> None:
    """As if it had never been tried, but for the count of attempts."""
    await _event(world, "e", mail("e", detail="550", sent_at=NOW, progress={"not_before": "2199-01-01T00:00:00Z"}))
    await _event(world, "u", mail("u", outcome="unknown", reason="ambiguous"))
    assert await _retry(world, ids=["e", "u", "nobody", "e"]) == {
        "retried": 2, "refused": [{"id": "nobody", "reason": "not_found"}], "more": False, "next_cursor": None,
    }  # fmt: skip
    anew = {(row.outcome, row.reason, row.detail, row.sent_at) for row in (await _rows(world)).values()}
    assert anew == {("planned", None, None, None)}
    assert [row.progress for row in (await _rows(world)).values()] == [{}, {}]
    assert world.temporal.replanned == ["acme/notification/e", "acme/notification/u"]


async def test_another_tenant_s_delivery_is_an_unknown_one(world: World) -> None:
    """And stays as it was."""
    await _event(world, "e", mail("e"))
    answer = await world.call("POST", RETRY, role="admin", tenant="other", json={"ids": ["e"]})
    assert answer.json()["refused"] == [{"id": "e", "reason": "not_found"}]
    assert (await _rows(world))["e"].outcome == "failed"


async def test_what_makes_no_sense_any_more_is_refused_and_stays_as_it_was(world: World) -> None:
    """Each with its reason."""
    await _event(world, "over", mail("over"), announces=NOW - timedelta(minutes=1))
    await _event(world, "old", mail("old"), expires_at=NOW - timedelta(minutes=1))
    await _event(world, "sent", mail("sent", outcome="sent", reason=None))
    await _event(world, "fast", mail("fast", channel="inbox"))
    await _event(world, "bens", mail("bens", user_id="ben"), user_id="ben")
    await _event(world, "gone", mail("gone", user_id="gone"), user_id="gone")
    async with world.ours.database.write() as db:
        await directory.put(db, "acme", [user("ben", active=False)])
        await ledger.add(db, Ref(tenant="acme", kind="task", id="nowhere"), [mail("orphan")])
    before = await _rows(world)
    why = {
        "over": "expired", "old": "expired", "sent": "not_retryable", "fast": "not_retryable", "bens": "inactive",
        "gone": "unknown_user", "orphan": "superseded",
    }  # fmt: skip
    answer = await _retry(world, ids=list(why))
    assert (answer["retried"], {one["id"]: one["reason"] for one in answer["refused"]}) == (0, why)
    assert await _rows(world) == before
    assert world.temporal.replanned == []


async def test_a_filter_goes_on_beyond_what_it_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some at a time; what cannot be sent again does not hide what can."""
    monkeypatch.setattr("api.deliveries.AT_ONCE", 2)
    await _event(world, "new", mail("new", at=NOW), expires_at=NOW)
    await _event(world, "middle", mail("middle", at=NOW - H))
    await _event(world, "last", mail("last", at=NOW - 2 * H), mail("push", "last", channel="web_push"))
    wanted = {"channel": "email", "from": f"{NOW - 30 * H:%Y-%m-%d}"}
    first = await _retry(world, filter=wanted)
    assert (first["retried"], first["more"]) == (1, True)
    assert first["refused"] == [{"id": "new", "reason": "expired"}]
    second = await _retry(world, filter=wanted, cursor=first["next_cursor"])
    assert (second["retried"], second["refused"], second["more"]) == (1, [], False)
    assert {id_: row.outcome for id_, row in (await _rows(world)).items()} == {
        "new": "failed", "middle": "planned", "last": "planned", "push": "failed",
    }  # fmt: skip
    await _retry(world, 422, filter={"channel": "web_push"}, cursor=first["next_cursor"])


async def test_a_mail_to_an_address_that_is_stopped_stays_as_it_is(world: World) -> None:
    """It would only be withheld, and its story be lost; a push of the same person goes."""
    await _event(world, "e", mail("e"), mail("p", "e", channel="web_push"))
    async with world.ours.database.write() as db:
        await world.ours.suppressions.bounced(db, "acme", "asha@example.com", NOW, "550 5.1.1")
    answer = await _retry(world, ids=["e", "p"])
    assert (answer["retried"], answer["refused"]) == (1, [{"id": "e", "reason": "bounced"}])


async def test_what_nobody_knows_is_sent_again_only_where_that_is_said(world: World) -> None:
    """A filter without an outcome is about what failed."""
    await _event(world, "e", mail("e", outcome="unknown", reason="ambiguous"))
    assert (await _retry(world, filter={}))["retried"] == 0
    assert (await _retry(world, filter={"outcome": "unknown"}))["retried"] == 1


@pytest.mark.parametrize("query", ["channel=fax", "from=2026-11-21&to=2026-11-20", "outcome=lost"])
async def test_a_filter_that_can_find_nothing_is_refused(world: World, query: str) -> None:
    """And its field is named."""
    answer = await world.call("GET", f"{LIST}?{query}", role="admin")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in query


async def test_the_same_key_answers_the_same_and_does_nothing_twice(world: World) -> None:
    """Unless it comes with another request; the workflow is told each time, for the first may not have got so far."""
    await _event(world, "e", mail("e"))
    first = await _retry(world, key="k", filter={})
    async with world.ours.database.write() as db:
        await ledger.settle(db, "acme", "e", "failed", "rejected", NOW, {})
    assert await _retry(world, key="k", filter={}) == first
    assert (await _rows(world))["e"].outcome == "failed"
    await _retry(world, 422, key="k", ids=["e"])
    assert (await _retry(world, key="other", filter={}))["retried"] == 1
    assert set(world.temporal.replanned) == {"acme/notification/e"}


async def test_without_temporal_nothing_is_changed(world: World) -> None:
    """And what is on its way already may be named again, so that its workflow hears of it."""
    await _event(world, "e", mail("e"))
    world.temporal.down = True
    await _retry(world, 503, ids=["e"])
    assert (await _rows(world))["e"].outcome == "failed"
    world.temporal.down = False
    for _ in range(2):
        assert (await _retry(world, ids=["e"]))["retried"] == 1
    assert (await _retry(world, filter={"outcome": "planned"}))["retried"] == 1
    assert world.temporal.replanned == ["acme/notification/e"] * 3


async def _bundle(world: World, ref: Ref) -> None:
    """Three mails of asha's that one of `ref` was to bring: the second has expired since, the third was overtaken."""
    await _event(world, "a", mail("a", outcome="deferred", reason=ref.kind))
    await _event(world, "b", mail("b", outcome="deferred", reason=ref.kind), expires_at=NOW)
    await _event(world, "c", mail("c", outcome="superseded", reason="cancelled"))
    carrier = mail("carrier", "bundle", reason="rejected", type=f"{ref.kind}.summary")
    async with world.ours.database.write() as db:
        await inbox.add(db, "acme", [notification("asha", "note-bundle", kind=ref.kind)])
        await ledger.add(db, ref, [carrier])
        await waiting.carry(db, "acme", ["a", "b", "c"], "carrier")
        await waiting.share(db, "acme", "carrier", "failed", "rejected", NOW)


@pytest.mark.parametrize("named", [["carrier"], ["a"], ["a", "b", "carrier"]])
async def test_what_quiet_hours_held_back_is_looked_at_once_more(world: World, named: list[str]) -> None:
    """What still matters waits for the quiet to be looked at, at once; the summary is not sent as it was."""
    await _bundle(world, NIGHT)
    answer = await _retry(world, ids=named)
    rows = await _rows(world)
    assert answer["retried"] == len({"a", "carrier"} & set(named))
    assert (rows["a"].outcome, rows["a"].reason) == ("deferred", "quiet_hours")
    assert (rows["b"].outcome, rows["c"].outcome) == ("failed", "superseded")
    assert rows["carrier"].outcome == ("superseded" if "carrier" in named else "failed")
    assert [id_ for id_, _ in world.temporal.started] == ["acme/quiet_hours/asha"]


async def test_a_digest_s_mail_is_sent_again_with_all_it_brings(world: World) -> None:
    """The next run of the schedule finds it open, and does not take it for one that was tried for too long."""
    await _bundle(world, DAILY)
    assert (await _retry(world, ids=["carrier", "a"]))["retried"] == 2
    rows = await _rows(world)
    assert (rows["carrier"].outcome, rows["carrier"].at >= NOW) == ("planned", True)
    assert {(rows[id_].outcome, rows[id_].reason, rows[id_].sent_at) for id_ in "ab"} == {
        ("deferred", "digest", None)
    }
    assert rows["c"].outcome == "superseded"
    assert (world.temporal.replanned, world.temporal.started) == ([], [])


@pytest.mark.parametrize(
    "body",
    [{}, {"ids": []}, {"ids": ["a"], "filter": {}}, {"ids": ["a"], "cursor": "x"}, {"filter": {"outcome": "sent"}},
     {"filter": {"colour": "red"}}, {"ids": ["d"] * 1001}, {"filter": {"from": "soon"}}],
)  # fmt: skip
async def test_a_request_that_says_nothing_clear_is_refused(world: World, body: dict[str, Any]) -> None:
    """Either ids or a filter of what can be sent again."""
    await _retry(world, 422, **body)
    assert set(RETRYABLE) == {"failed", "unknown"}
