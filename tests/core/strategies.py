"""What Hypothesis draws: instants, zones, appointments, and the lives that events make of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from punctual import events
from punctual.events import Event
from punctual.policy import Policy, Reminder

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 12, 31, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]
TYPES = ["scheduled", "updated", "rescheduled", "confirmed", "cancelled", "completed", "missed"]

zones = st.sampled_from(ZONES)
instants = st.datetimes(START.replace(tzinfo=None), END.replace(tzinfo=None)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
durations = st.builds(lambda count, unit: f"PT{count}{unit}", st.integers(1, 200), st.sampled_from("SMH"))
reminders = st.one_of(
    st.builds(lambda text: Reminder(before=text), durations),
    st.builds(
        lambda hour, minute: Reminder(day_before_at=f"{hour:02}:{minute:02}"), st.integers(0, 23), st.integers(0, 59)
    ),
)
policies = st.builds(
    lambda rules, overdue: Policy(reminders=rules, overdue_after=overdue),
    st.lists(reminders, max_size=6),
    st.none() | durations,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


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


@st.composite
def lives(draw: st.DrawFn, longest: int = 8) -> list[Event]:
    """Events of one appointment, often at the same instant, in the order of their ids."""
    count = draw(st.integers(1, longest))
    return [
        event(
            draw(st.sampled_from(TYPES)),
            NOW - timedelta(minutes=draw(st.integers(0, 4))),
            f"e{number}",
            NOW + timedelta(hours=draw(st.integers(1, 100))),
            title=f"Visit {number}",
        )
        for number in range(count)
    ]
