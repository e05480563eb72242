"""What a policy asks for and could never get is named, field by field, with the reason in words."""

from typing import Any

import pytest

from punctual.errors import InvalidPolicy
from punctual.policy import Policy, check, parse
from punctual.registry import KINDS

HOURS = {"mon": [["09:00", "18:00"]]}


def _level(to: str, after: str) -> dict[str, str]:
    return {"to": to, "after": after}


ASSIGNEES = _level("assignees", "PT0S")
MANAGERS = _level("managers", "PT30M")


def _escalating(*levels: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"overdue_after": "PT15M", "escalation": {"levels": list(levels), **more}}


def _problems(body: dict[str, Any], *, kind: str = "task") -> list[tuple[str, str]]:
    return [(problem.pointer, problem.detail) for problem in check(parse(body), kind=kind)]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_default_of_every_kind_can_work(name: str) -> None:
    """What holds without a stored policy passes the check that a stored one passes, and reads back."""
    policy = KINDS[name].default_policy
    assert check(policy, kind=name) == []
    assert parse(policy.model_dump(mode="json")) == policy


@pytest.mark.parametrize(
    ("body", "pointer", "reason"),
    [
        ({"escalation": {"levels": [ASSIGNEES]}}, "/escalation/levels", "never be reached without overdue_after"),
        (_escalating(repeat=1), "/escalation/repeat", "no levels"),
        (_escalating(acknowledgement_expires="PT4H"), "/escalation/acknowledgement_expires", "no levels"),
        (_escalating(ASSIGNEES, _level("managers", "P0D"), repeat=1), "/escalation/repeat", "no level waits"),
        (_escalating(MANAGERS, _level("managers", "PT0M")), "/escalation/levels/1/after", "the same people"),
        (
            _escalating(ASSIGNEES, MANAGERS, _level("team:sales", "P1D"), _level("team:sales", "PT0S")),
            "/escalation/levels/3/after",
            "the same people",
        ),
        (
            {"reminders": [{"before": "PT60M"}, {"day_before_at": "09:00"}, {"before": "PT1H"}]},
            "/reminders/2",
            "same",
        ),
        ({"reminders": [{"day_before_at": "09:00"}, {"day_before_at": "09:00"}]}, "/reminders/1", "same"),
        ({"calendar": {}}, "/calendar/hours", "must have working time"),
        ({"calendar": {"hours": {"mon": [], "sun": []}}}, "/calendar/hours", "must have working time"),
        ({"calendar": {"hours": HOURS, "country": "ZZ"}}, "/calendar/country", "must be a country"),
        (
            {"calendar": {"hours": HOURS, "holidays": ["2028-02-29", "2026-02-29"]}},
            "/calendar/holidays/1",
            "must be a day that exists",
        ),
        ({"calendar": {"hours": HOURS, "holidays": ["0000-01-01"]}}, "/calendar/holidays/0", "must be a day that"),
        ({"first_response": {"high": "PT1H"}}, "/first_response", "tickets only"),
        ({"resolution": {}}, "/resolution", "tickets only"),
    ],
)
def test_what_cannot_work_is_named_with_its_field_and_reason(body: dict[str, Any], pointer: str, reason: str) -> None:
    """There is one problem, at the field to change, and the policy still loads."""
    [(found, detail)] = _problems(body)
    assert found == pointer
    assert reason in detail


def test_a_first_response_is_not_due_after_the_resolution() -> None:
    """Each priority is compared with itself; equal is possible, and so is one without the other."""
    body = {
        "first_response": {"low": "P2D", "normal": "PT4H", "high": "PT60M", "urgent": "PT15M"},
        "resolution": {"low": "P1D", "normal": "P1D", "high": "PT1H"},
    }
    [(found, detail)] = _problems(body, kind="ticket")
    assert (found, detail) == ("/first_response/low", "must not be longer than the resolution")


@pytest.mark.parametrize("zero", ["PT0S", "P0D", "PT0M"])
def test_a_reminder_at_the_start_is_refused_for_appointments_only(zero: str) -> None:
    """It would never be sent, for the start is what it announces; a due time is not over when it comes."""
    body = {"reminders": [{"before": "PT1H"}, {"before": zero}, {"day_before_at": "09:00"}]}
    [(found, detail)] = _problems(body, kind="appointment")
    assert found == "/reminders/1/before"
    assert "longer than zero" in detail
    for kind in ("follow_up", "task", "ticket"):
        assert _problems(body, kind=kind) == []


def test_every_problem_is_named_at_once() -> None:
    """Whoever writes a policy need not try again for each."""
    body = {
        "reminders": [{"before": "PT1H"}, {"before": "PT1H"}],
        "escalation": {"levels": [ASSIGNEES, ASSIGNEES], "repeat": 2},
        "calendar": {"country": "ZZ", "holidays": ["2026-06-31"]},
        "resolution": {"low": "P1D"},
    }
    assert [pointer for pointer, _ in _problems(body)] == [
        "/reminders/1",
        "/escalation/levels",
        "/escalation/repeat",
        "/escalation/levels/1/after",
        "/calendar/hours",
        "/calendar/country",
        "/calendar/holidays/0",
        "/resolution",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"overdue_after": "PT0S"},
        {"reminders": [{"before": "PT24H"}, {"before": "PT23H"}, {"day_before_at": "09:00"}]},
        _escalating(ASSIGNEES, _level("managers", "PT0S")),
        _escalating(MANAGERS, MANAGERS),
        _escalating(ASSIGNEES, MANAGERS, ASSIGNEES, repeat=3, acknowledgement_expires="PT4H"),
        {"calendar": {"hours": HOURS, "country": "IN", "holidays": ["2026-11-08", "2026-11-08"]}},
    ],
)
def test_what_can_work_is_not_refused(body: dict[str, Any]) -> None:
    """Neighbours of each refusal pass."""
    assert _problems(body) == []


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"first_response": {"asap": "PT1H"}}, "/first_response/asap"),
        ({"resolution": {"low": "PT0S"}}, "/resolution/low"),
        ({"resolution": {"low": "soon"}}, "/resolution/low"),
    ],
)
def test_a_target_has_a_known_priority_and_takes_some_time(body: dict[str, Any], pointer: str) -> None:
    """What is not well-formed is refused when it is read, before anything is checked."""
    with pytest.raises(InvalidPolicy) as refused:
        parse(body)
    assert [problem.pointer for problem in refused.value.problems] == [pointer]


def test_targets_are_off_where_they_are_not_given() -> None:
    """Policies stored before there were targets go on to load."""
    assert (Policy().first_response, Policy().resolution) == (None, None)
