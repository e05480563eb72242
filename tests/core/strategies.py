"""What Hypothesis draws: instants, zones, policies, appointments, and the lives that events make of an entity."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from punctual import events
from punctual.events import Event
from punctual.kind import Kind, Scene
from punctual.policy import OFFICE_HOURS, Escalation, Level, Policy, Reminder, WorkingHours
from punctual.working_time import working_time

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 12, 31, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
AUDIENCES = ["assignees", "managers", "managers_of_managers", "role:admin", "team:north", "user:olga"]
PRIORITIES = ["low", "normal", "high", "urgent"]
SHIFTS: list[list[tuple[str, str]]] = [
    [("09:00", "18:00")], [("00:00", "02:30"), ("22:00", "24:00")], [("08:00", "12:00"), ("13:00", "17:00")],
]  # fmt: skip

zones = st.sampled_from(ZONES)
instants = st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
durations = st.builds(lambda count, unit: f"PT{count}{unit}", st.integers(1, 200), st.sampled_from("SMH"))
reminders = st.one_of(
    st.builds(lambda text: Reminder(before=text), st.just("PT0S") | durations),
    st.builds(
        lambda hour, minute: Reminder(day_before_at=f"{hour:02}:{minute:02}"), st.integers(0, 23), st.integers(0, 59)
    ),
)
escalations = st.builds(
    Escalation,
    levels=st.lists(
        st.builds(Level, to=st.sampled_from(AUDIENCES), after=st.sampled_from(["PT0S", "P1D"]) | durations),
        max_size=4,
    ),
    repeat=st.integers(0, 2),
    acknowledgement_expires=st.none() | durations,
)
calendars = st.just(OFFICE_HOURS) | st.builds(
    WorkingHours,
    timezone=st.none() | zones,
    hours=st.dictionaries(
        st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), st.sampled_from(SHIFTS), min_size=1
    ),
    country=st.sampled_from([None, "DE", "IN"]),
    holidays=st.lists(st.dates(START.date(), END.date()).map(str), max_size=5),
)
targets = st.none() | st.dictionaries(st.sampled_from(PRIORITIES), durations)
policies = st.builds(
    Policy,
    reminders=st.lists(reminders, max_size=6),
    overdue_after=st.sampled_from([None, "PT0S"]) | durations,
    escalation=escalations,
    calendar=st.none() | calendars,
    first_response=targets,
    resolution=targets,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def scene(policy: Policy, zone: str = "Europe/Berlin") -> Scene:
    """What an entity's future follows from besides itself."""
    return Scene(policy, zone, working_time(policy.calendar, zone))


def snapshot(starts_at: datetime, **changes: Any) -> dict[str, Any]:
    """A minimal appointment."""
    return {
        "id": "42", "title": "Visit", "customer_name": "Meera Iyer",
        "starts_at": starts_at.isoformat(), "assignee_ids": ["asha"], **changes,
    }  # fmt: skip


def event(type_: str, time: datetime, id_: str, starts_at: datetime, **changes: Any) -> Event:
    """An accepted appointment event."""
    body = {
        "id": id_, "type": f"appointment.{type_}", "time": time.isoformat(), "data": snapshot(starts_at, **changes)
    }  # fmt: skip
    return events.parse(body, now=time)


def _around(first: int, last: int) -> st.SearchStrategy[str]:
    """An instant so many hours from NOW."""
    return st.integers(first, last).map(lambda hours: (NOW + timedelta(hours=hours)).isoformat())


_PEOPLE = st.sampled_from([["asha"], ["asha"], ["asha", "ben"], ["ben", "ravi"], []])
_ITEM = {"title": st.just("Call back")}
_OWN: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "appointment": {**_ITEM, "customer_name": st.just("Meera Iyer"), "starts_at": _around(-9, 100)},
    "follow_up": {**_ITEM, "due_at": _around(-50, 100)},
    "task": {**_ITEM, "due_at": st.none() | _around(-50, 100)},
    "ticket": {
        "subject": st.just("Printer is dark"),
        "priority": st.sampled_from(PRIORITIES),
        "status": st.sampled_from(["open", "open", "waiting"]),
        "opened_at": _around(-30, 0),
        "first_response_due_at": st.none() | _around(-20, 30),
        "resolution_due_at": st.none() | _around(-20, 100),
        "callback_at": st.none() | _around(-9, 50),
        "requester_id": st.sampled_from([None, "meera"]),
        "message": st.none() | st.builds(
            lambda author, words: {"id": "m1", "author_id": author, "text": words},
            st.sampled_from(["meera", "asha", "ben"]), st.sampled_from(["Please", "Done"]),
        ),
    },
}  # fmt: skip


@st.composite
def lives(draw: st.DrawFn, kind: Kind[Any], longest: int = 8) -> list[Event]:
    """Events of one entity, often at the same instant, in the order of their ids; each has a snapshot of its own."""
    found = []
    for number in range(draw(st.integers(1, longest))):
        own = {name: draw(values) for name, values in _OWN[kind.name].items()}
        data = {"id": "42", "assignee_ids": draw(_PEOPLE), "metadata": {"number": number}, **own}
        time = NOW - timedelta(minutes=draw(st.integers(0, 4)))
        type_ = draw(st.sampled_from(list(kind.events)))
        body = {"id": f"e{number}", "type": type_, "time": time.isoformat(), "data": data}
        found.append(events.parse(body, now=NOW))
    return found
