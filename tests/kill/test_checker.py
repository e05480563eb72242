"""The checker itself: it is silent about what is right, and names each planted wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.kill.checker import CHANNELS, TYPES, Delivery, Dump, Step, violations


def _good() -> Dump:
    """Two appointments, all told; the second one's mail has an unknown fate, and did arrive."""
    posted = ["a1", "a2"]
    steps = [Step(entity, f"key-{type_}", type_, "sent") for entity in posted for type_ in TYPES]
    outcome = {"inbox": "sent", "websocket": "sent", "web_push": "withheld", "email": "sent"}
    deliveries = [
        Delivery(f"{step.entity}-{step.type}-{channel}", step.entity, step.key, channel, outcome[channel])
        for step in steps
        for channel in CHANNELS
    ]
    mails = [row.id for row in deliveries if row.channel == "email"]
    deliveries[-1] = replace(deliveries[-1], outcome="unknown")
    return Dump(posted, [(step.entity, step.type) for step in steps], steps, deliveries, mails)


def _changed(rows: Any, index: int, **changes: Any) -> list[Any]:
    return [replace(row, **changes) if number == index else row for number, row in enumerate(rows)]


REMINDER = ("a1", "appointment.reminder")
PLANTED: dict[str, tuple[Callable[[Dump], dict[str, Any]], str]] = {
    "a reminder in the inbox twice": (lambda d: {"inbox": [*d.inbox, REMINDER]}, "inbox row"),
    "a hole in the inbox": (lambda d: {"inbox": [row for row in d.inbox if row != REMINDER]}, "inbox row"),
    "a row of an entity that nobody posted": (lambda d: {"inbox": [*d.inbox, ("a3", TYPES[0])]}, "inbox row"),
    "a posted entity of which nothing is there": (lambda d: {"posted": [*d.posted, "a3"]}, "inbox row"),
    "a step left planned": (lambda d: {"steps": _changed(d.steps, 1, outcome="planned")}, "step a1"),
    "a step come too late": (lambda d: {"steps": _changed(d.steps, 1, outcome="skipped")}, "step a1"),
    "a step twice": (lambda d: {"steps": [*d.steps, replace(d.steps[1], key="other")]}, "step"),
    "a delivery left planned": (
        lambda d: {"deliveries": _changed(d.deliveries, 0, outcome="planned")}, "delivery a1"
    ),
    "a delivery given up": (lambda d: {"deliveries": _changed(d.deliveries, 0, outcome="failed")}, "delivery a1"),
    "a delivery missing": (lambda d: {"deliveries": d.deliveries[1:]}, "delivery"),
    "a delivery twice": (
        lambda d: {"deliveries": [*d.deliveries, replace(d.deliveries[0], id="other")]}, "delivery"
    ),
    "a mail twice": (lambda d: {"mails": [*d.mails, d.mails[0]]}, "mail"),
    "a mail of unknown fate twice": (lambda d: {"mails": [*d.mails, d.mails[-1]]}, "mail"),
    "a mail called sent that nobody has": (lambda d: {"mails": d.mails[1:]}, "mail"),
    "a mail out of nowhere": (lambda d: {"mails": [*d.mails, "other"]}, "mail"),
    "a mail of a row that says withheld": (
        lambda d: {"deliveries": _changed(d.deliveries, 3, outcome="withheld")}, "mail"
    ),
}  # fmt: skip


def test_what_is_right_is_left_alone() -> None:
    """Everything once, and a mail of unknown fate there or not there."""
    good = _good()
    assert violations(good) == []
    assert violations(replace(good, mails=good.mails[:-1])) == []


@pytest.mark.parametrize("wrong", PLANTED)
def test_a_planted_wrong_is_named(wrong: str) -> None:
    """Each kind of loss, double and loose end is caught by its own sentence."""
    plant, complaint = PLANTED[wrong]
    found = violations(replace(_good(), **plant(_good())))
    assert any(sentence.startswith(complaint) for sentence in found), found
