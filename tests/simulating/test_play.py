"""What a simulation shows, beyond the shipped examples."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from running.errors import CannotStart
from simulating import SimulationFailed
from simulating.rows import Row, Way
from tests.simulating import rows

ASHA = {"id": "asha", "name": "Asha", "timezone": "Europe/Berlin", "email": "asha@example.com", "manager_id": "ravi"}
RAVI = {"id": "ravi", "name": "Ravi", "roles": ["admin"]}
OFFER = {"id": "1", "title": "Offer", "timezone": "Europe/Berlin", "assignee_ids": ["asha"]}
POLICY: dict[str, Any] = {
    "reminders": [{"day_before_at": "09:00"}],
    "overdue_after": "PT1H",
    "escalation": {"levels": [{"to": "assignees", "after": "PT0S"}, {"to": "managers", "after": "PT1H"}]},
}


def _scenario(starts: str, due: str, **more: Any) -> dict[str, Any]:
    """Asha has a follow-up that is due at a time in Berlin."""
    created = {"at": "+10m", "type": "follow_up.created", "data": {**OFFER, "due_at": due}}
    plain = {"starts": starts, "zone": "Europe/Berlin", "users": [ASHA, RAVI], "policies": {"follow_up": POLICY}}
    return {**plain, "events": [created], **more}


def _at(found: list[Row], type_: str) -> list[str]:
    return [f"{row.at:%Y-%m-%dT%H:%M}" for row in found if row.type == type_]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("starts", "due", "reminded", "overdue"),
    [
        # Clocks went forward on the Sunday between; Good Friday and Easter Monday are no working days.
        ("2019-03-29T09:00:00", "2019-04-01T10:00:00", "2019-03-31T07:00", ["2019-04-01T09:00", "2019-04-01T10:00"]),
        ("2019-04-17T08:00:00", "2019-04-18T17:30:00", "2019-04-17T07:00", ["2019-04-23T07:30", "2019-04-23T08:30"]),
        ("2080-10-25T09:00:00", "2080-10-28T10:00:00", "2080-10-27T08:00", ["2080-10-28T10:00", "2080-10-28T11:00"]),
    ],
)
async def test_weekdays_holidays_and_clocks_are_those_of_the_scenario(
    tmp_path: Path, starts: str, due: str, reminded: str, overdue: list[str]
) -> None:
    """In the past as in the far future; a time without an offset is local to the scenario's zone."""
    hours = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    policy = {**POLICY, "calendar": {"hours": hours, "country": "DE"}}
    found = await rows(tmp_path, _scenario(starts, due, policies={"follow_up": policy}))
    assert _at(found, "follow_up.reminder") == [reminded]
    assert _at(found, "follow_up.overdue") == overdue


async def test_what_is_refused_and_who_changes_stand_in_rows_of_their_own(tmp_path: Path) -> None:
    """Events as the API refuses them, acts with the reason, changes of people; each at its time."""
    scenario = _scenario("2026-11-20T09:00:00", "2026-11-24T10:00:00")
    scenario["events"] += [
        {"at": "+20m", "id": "odd", "type": "no.such_type", "data": {}},
        {"at": "+20m", "type": "follow_up.created", "data": {"id": "2"}},
        {
            "at": "+30m",
            "type": "custom",
            "data": {"title": "Hello", "message": "All", "recipients": {"everyone": True}},
        },
    ]
    scenario["acts"] = [
        {"at": "+1h", "acknowledge": "follow_up/1", "by": "asha"},
        {"at": "+1h", "snooze": "follow_up/1", "by": "asha", "until": "2026-11-24T09:30:00"},
        {"at": "+1h", "remind_now": "follow_up/1", "by": "ravi"},
        {"at": "+1h", "remind_now": "follow_up/99", "by": "ravi"},
    ]
    scenario["directory"] = [{"at": "+2h", "user": {"id": "asha", "email": None, "push": True}}]
    found = await rows(tmp_path, scenario)
    refused = [(row.entity, row.type, row.reason) for row in found if row.outcome == "refused"]
    assert refused == [
        ("odd", "no.such_type", "rejected"),
        ("event-3", "follow_up.created", "rejected"),
        ("follow_up/1", "acknowledge", "nothing_to_acknowledge"),
        ("follow_up/99", "remind_now", "unknown"),
    ]
    assert [row.detail for row in found if row.entity == "odd"] == ["/type: is not a known event type"]
    assert [(row.type, row.user_id) for row in found if row.outcome == "done"] == [
        ("snooze", "asha"),
        ("remind_now", "ravi"),
    ]
    assert [(row.entity, row.detail) for row in found if row.outcome == "changed"] == [
        ("user asha", "email: null, push: true")
    ]
    assert {row.user_id for row in found if row.entity == "event-4"} == {"asha", "ravi"}
    reminders = [row for row in found if row.type == "follow_up.reminder"]
    assert _at(reminders, "follow_up.reminder") == ["2026-11-20T09:00", "2026-11-24T08:30"]
    emails = [row.channels["email"] for row in reminders]
    assert emails == [Way("sent"), Way("withheld", "no_address")]
    assert [row.channels["web_push"].outcome for row in reminders] == ["withheld", "sent"]


async def test_what_is_still_planned_at_the_end_is_shown_as_planned(tmp_path: Path) -> None:
    """With `until` the simulation stops there; without, it goes on until nothing is planned."""
    scenario = _scenario("2026-11-20T09:00:00", "2026-11-24T10:00:00", until="2026-11-24T11:30:00")
    stopped = await rows(tmp_path, scenario)
    planned = [(row.level, row.at) for row in stopped if row.outcome == "planned" and row.type == "follow_up.overdue"]
    assert planned == [("managers", datetime(2026, 11, 24, 11, tzinfo=UTC))]
    del scenario["until"]
    whole = await rows(tmp_path, scenario)
    assert [row for row in whole if row.outcome == "planned"] == []
    assert whole[-1].type == "escalation.exhausted"


async def test_without_the_server_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to install."""
    monkeypatch.setattr("simulating.server.shutil.which", lambda *_, **__: None)
    with pytest.raises(CannotStart, match=r"punctual\[simulate\]"):
        await rows(tmp_path, _scenario("2026-11-20T09:00:00", "2026-11-24T10:00:00"))


@pytest.mark.parametrize("where", ["simulating.channels.Pretended.unreachable", "activities.plan.acts.apply"])
async def test_a_bug_ends_the_simulation_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """While something is told and while somebody acts: neither retried for ever nor left out of the table."""

    def broken(*_: Any, **__: Any) -> None:
        raise KeyError("oh")

    monkeypatch.setattr(where, broken)
    acts = [{"at": "+1d", "remind_now": "follow_up/1", "by": "asha"}]
    with pytest.raises(SimulationFailed, match="KeyError: 'oh'"):
        await rows(tmp_path, _scenario("2026-11-20T09:00:00", "2026-11-24T10:00:00", acts=acts))


HELLO = {"title": "Hello", "message": "All", "priority": "high", "recipients": {"user_ids": ["asha"]}}
NEWS = {"name": "Meera Iyer", "recipients": {"user_ids": ["asha"]}}
QUIET = {"enabled": True, "start": "22:00", "end": "07:00", "timezone": "UTC"}


async def test_what_somebody_chooses_on_the_way_counts_from_then_on(tmp_path: Path) -> None:
    """For what waits as well: it waits longer, is not wanted any more, or comes at once; digests follow the zone."""
    digest = {"frequency": "daily"}
    longer = {"quiet_hours": {**QUIET, "end": "09:00"}, "digest": digest}
    no_mail = {"types": {"custom": {"email": False}}}
    found = await rows(tmp_path, {
        "starts": "2026-11-20T21:00:00",
        "users": [{**ASHA, "preferences": {"quiet_hours": QUIET, "digest": digest}, "push": True}, RAVI],
        "events": [
            {"at": "2026-11-20T22:30:00", "id": "first", "type": "custom", "data": HELLO},
            {"at": "2026-11-20T22:40:00", "id": "second", "type": "customer.created", "data": NEWS},
            {"at": "2026-11-21T23:30:00", "id": "third", "type": "custom", "data": HELLO},
        ],
        "directory": [
            {"at": "2026-11-20T23:00:00", "user": {"id": "asha", "preferences": longer}},
            {"at": "2026-11-21T07:01:00", "user": {"id": "asha", "timezone": "UTC"}},
            {"at": "2026-11-21T10:00:00", "user": {"id": "asha", "timezone": "Asia/Tokyo"}},
            {"at": "2026-11-21T23:45:00", "user": {"id": "asha", "preferences": no_mail}},
        ],
    })  # fmt: skip
    told = [(row.alone.entity if row.alone else row.entity, f"{row.at:%d %H:%M}", row) for row in found]
    emails = {
        (name, at): (row.channels["email"].outcome, row.channels["email"].reason)
        for name, at, row in told
        if "email" in row.channels
    }
    assert emails == {
        ("first", "20 22:30"): ("deferred", "quiet_hours"),
        ("second", "20 22:40"): ("deferred", "digest"),
        ("first", "20 23:00"): ("deferred", "quiet_hours"),
        ("digest/daily", "21 07:00"): ("sent", None),
        ("first", "21 09:00"): ("sent", None),
        ("digest/daily", "21 23:00"): ("sent", None),
        ("third", "21 23:30"): ("deferred", "quiet_hours"),
        ("third", "21 23:45"): ("withheld", "preference"),
    }
    pushed = [(name, at) for name, at, row in told if row.alone and "web_push" in row.channels]
    assert pushed == [("first", "21 09:00"), ("third", "21 23:45")]


async def test_digests_come_while_there_is_something_to_say(tmp_path: Path) -> None:
    """As long as something is unread that matters; what quiet hours let go at the same instant comes on its own."""
    ends = {"expires_at": "2026-11-23T06:00:00Z"}
    chosen = {"quiet_hours": QUIET, "digest": {"frequency": "daily", "at": "08:00"}}
    found = await rows(tmp_path, {
        "starts": "2026-11-20T21:00:00",
        "until": "2026-11-25T12:00:00",
        "users": [{**ASHA, "preferences": chosen}],
        "events": [
            {"at": "2026-11-20T22:30:00", "id": "first", "type": "custom", "data": HELLO | ends},
            {"at": "2026-11-20T22:30:00", "id": "second", "type": "customer.created", "data": NEWS | ends},
        ],
    })  # fmt: skip
    brought = [(f"{row.at:%d %H:%M}", row.entity, [one.entity for one in row.brings]) for row in found if row.brings]
    assert brought == [("21 07:00", "quiet_hours/asha", ["first"]), ("21 07:00", "digest/daily", ["second"])]
    assert _at(found, "digest.daily") == ["2026-11-21T07:00", "2026-11-22T07:00"]
