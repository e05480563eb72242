"""Scenarios are read strictly; what is wrong is one line with the key's path."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from simulating import ScenarioError, loading, times
from tests.simulating import NOW, written

EVENT = "events: [{at: +1h, type: follow_up.created, data: {}}]\n"
KOLKATA = ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "must be an object with the keys starts"),
        ("{}", "events: must have at least one event"),
        ("a: [", "line 1: "),
        (EVENT + EVENT, "line 2: events stands here twice"),
        (EVENT + "zone: Mars/Base", "zone: must be an IANA time zone"),
        (EVENT + "starts: soon", "starts: must be a time such as"),
        (EVENT + "users: [{id: asha, nmae: Asha}]", "users.0.nmae: is not a known field; did you mean name?"),
        (
            EVENT + "users: [{id: a, name: A, quiet_hours: {}}]",
            "users.0.quiet_hours: is not a known field here: it belongs to a user's preferences",
        ),
        (EVENT + "preferences: {}", "preferences: is not a known field here: it belongs to a user"),
        (
            EVENT + "users: [{id: a, name: A, preferences: {quiet_hours: {days: [funday]}}}]",
            "users.0.preferences.quiet_hours.days.0: must be 'mon', 'tue'",
        ),
        (
            EVENT + "users: [{id: a, name: A, preferences: {digest: {frequency: daily, at: 08:20}}}]",
            "users.0.preferences.digest.at: must be a quarter hour",
        ),
        (
            EVENT + "users: [{id: a, name: A, preferences: {types: {task.odd: {email: true}}}}]",
            "users.0.preferences.types.task.odd: is not a notification type",
        ),
        (
            EVENT + "directory: [{at: +1h, user: {id: a, name: A, preferences: {channels: {fax: true}}}}]",
            "directory.0.user.preferences.channels.fax: is not a channel",
        ),
        (EVENT + "users: [{id: a, name: A}, {id: a, name: B}]", "users.1.id: is in the list twice"),
        (EVENT + "users: [{id: a, name: A, manager_id: a}]", "users.0.manager_id: makes a circle"),
        (EVENT + "policies: {followup: {}}", "policies.followup: must be one of appointment, follow_up"),
        (
            EVENT + "policies: {task: {overdue_after: 1h}}",
            "policies.task.overdue_after: must be an ISO 8601 duration",
        ),
        (
            EVENT + "policies: {task: {escalation: {levels: [{to: managers, after: PT1H}]}}}",
            "policies.task.escalation.levels: would never be reached",
        ),
        ("events: [{at: tomorrow, type: a.b, data: {}}]", "events.0.at: must be a time such as"),
        ("events: [{at: 17:50, type: a.b, data: {}}]", "events.0.at: must be a time such as"),
        ("events: [{at: 2020-01-01T00:00:00, type: a.b, data: {}}]", "events.0.at: lies before `starts`"),
        (EVENT + "until: +30m", "events.0.at: lies after `until`"),
        (EVENT + "acts: [{at: +1h, by: a}]", "acts.0: must have exactly one of acknowledge, snooze, remind_now"),
        (EVENT + "acts: [{at: +1h, by: a, snooze: task/1}]", "acts.0: must have `until` with snooze"),
        (EVENT + "acts: [{at: +1h, by: a, acknowledge: tusk/1}]", "acts.0.acknowledge: must be one of appointment"),
        (EVENT + "directory: [{at: +1h, user: {id: new}}]", "directory.0.user.name: is required"),
    ],
)
def test_a_bad_scenario_is_refused_in_one_line_with_the_place(tmp_path: Path, text: str, complaint: str) -> None:
    """The file's name, the path of the key, what is wrong, and what would be right."""
    with pytest.raises(ScenarioError) as refused:
        loading.load(written(tmp_path, text), NOW)
    assert str(refused.value).startswith(f"scenario.yaml: {complaint}")
    assert len(str(refused.value).splitlines()) == 1


def test_a_circle_that_comes_about_on_the_way_is_refused(tmp_path: Path) -> None:
    """In the order of time, whatever the order in the file."""
    text = EVENT + (
        "users: [{id: a, name: A}, {id: b, name: B}]\n"
        "directory: [{at: +2h, user: {id: b, manager_id: a}}, {at: +1h, user: {id: a, manager_id: b}}]"
    )
    with pytest.raises(ScenarioError, match=r"directory\.0\.user\.manager_id: makes a circle"):
        loading.load(written(tmp_path, text), NOW)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    with pytest.raises(ScenarioError, match=r"nowhere\.yaml: cannot be read \(No such file or directory\)"):
        loading.load(tmp_path / "nowhere.yaml", NOW)


def test_yaml_means_what_it_says(tmp_path: Path) -> None:
    """Neither is 09:00 a number nor NO false; what `<<` brings in may be overridden; JSON is read as well."""
    text = (
        'policies: {task: {reminders: [{day_before_at: 17:50}], calendar: {hours: {mon: [[09:00, "17:00"]]},'
        " country: NO}}}\n"
        "events:\n"
        "  - {at: +1h, type: task.created, data: &task {id: '1', due_at: +2d}}\n"
        "  - {at: +2h, type: task.updated, data: {<<: *task, due_at: +3d}}\n"
    )
    scenario = loading.load(written(tmp_path, text), NOW).scenario
    assert scenario.policies["task"].reminders[0].day_before_at == "17:50"
    assert scenario.policies["task"].calendar is not None
    assert scenario.policies["task"].calendar.country == "NO"
    assert [event.data["due_at"][:10] for event in scenario.events] == ["2026-11-25", "2026-11-26"]
    other = tmp_path / "scenario.json"
    other.write_text('{"events": [{"at": "+1h", "type": "task.created", "data": {"id": "1"}}]}', "utf-8")
    assert loading.load(other, NOW).scenario.events[0].data == {"id": "1"}


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T17:50:00+05:30", datetime(2026, 11, 20, 12, 20, tzinfo=UTC)),
        ("2026-11-20T17:50:00", datetime(2026, 11, 20, 12, 20, tzinfo=UTC)),
        ("+2h30m", datetime(2026, 11, 20, 6, 0, tzinfo=UTC)),
        ("+1w2d", datetime(2026, 11, 29, 3, 30, tzinfo=UTC)),
        ("next friday 17:50", datetime(2026, 11, 20, 12, 20, tzinfo=UTC)),
        ("Next  Friday 09:00", datetime(2026, 11, 27, 3, 30, tzinfo=UTC)),
        ("next monday 00:00", datetime(2026, 11, 22, 18, 30, tzinfo=UTC)),
    ],
)
def test_a_time_may_be_absolute_local_or_relative_to_the_start(text: str, instant: datetime) -> None:
    """The start is a Friday, nine o'clock in Kolkata; `next` is the first that comes after it."""
    start = datetime(2026, 11, 20, 3, 30, tzinfo=UTC)
    assert times.instant(text, start, KOLKATA) == instant


@pytest.mark.parametrize("text", ["+", "+5", "+30m2h", "next fri 17:50", "next friday", "next friday 25:00", 5, None])
def test_other_words_are_no_times(text: Any) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="must be a time such as"):
        times.instant(text, NOW, KOLKATA)


@pytest.mark.parametrize(
    ("now", "day"),
    [(datetime(2026, 11, 20, tzinfo=UTC), 23), (datetime(2026, 11, 23, 3, 30, tzinfo=UTC), 30)],
)
def test_a_scenario_that_does_not_say_when_starts_on_the_next_monday_at_nine(
    tmp_path: Path, now: datetime, day: int
) -> None:
    """By the clocks of its zone."""
    loaded = loading.load(written(tmp_path, EVENT + "zone: Asia/Kolkata"), now)
    assert loaded.starts == datetime(2026, 11, day, 3, 30, tzinfo=UTC)


def test_preferences_are_those_of_the_api(tmp_path: Path) -> None:
    """Times stay texts, an old name of a type means today's, and what is not said is the default."""
    text = EVENT + (
        "users: [{id: a, name: A, preferences: {types: {admin_alert: {email: false}}, quiet_hours: {start: 22:00}}}]"
    )
    chosen = loading.load(written(tmp_path, text), NOW).scenario.users[0].preferences
    assert chosen.types == {"system.alert": {"email": False}}
    assert (chosen.quiet_hours.start, chosen.quiet_hours.end, chosen.digest.frequency) == ("22:00", "07:00", "off")
