"""Chains where it is easy to lose somebody: policies that change, acknowledgements that fall, times that move."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from punctual import events
from punctual.policy import OFFICE_HOURS, Escalation, Level, Policy, Reminder, check
from punctual.registry import ENTITIES
from punctual.scene import unworkable
from tests.core.life import Life

START = datetime(2026, 6, 1, 9, tzinfo=UTC)
MINUTE, H, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SNAPSHOTS: dict[str, dict[str, Any]] = {
    "follow_up": {"title": "Offer", "due_at": START + H},
    "ticket": {"subject": "Dark", "priority": "high", "opened_at": START},
}


def policy(*levels: tuple[str, str], **changes: Any) -> Policy:
    own = {name: changes.pop(name) for name in ("repeat", "acknowledgement_expires") if name in changes}
    chain = Escalation(levels=[Level(to=to, after=after) for to, after in levels], **own)
    return Policy(overdue_after="PT0S", escalation=chain, **changes)


class Crm:
    """One entity, told of by its CRM."""

    def __init__(self, rules: Policy, kind: str = "follow_up") -> None:
        self.life = Life(ENTITIES[kind], rules, START)
        self.kind, self.number = kind, 0

    def say(self, type_: str, **data: Any) -> None:
        self.number += 1
        snapshot = {"id": "42", "assignee_ids": ["asha"], **SNAPSHOTS[self.kind], **data}
        plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in snapshot.items()}
        body = {
            "id": f"e{self.number}",
            "type": f"{self.kind}.{type_}",
            "time": self.life.now.isoformat(),
            "data": plain,
        }
        self.life.hear(events.parse(body, now=self.life.now))
        self.life.sleep(timedelta(0))

    def sleep(self, length: timedelta) -> None:
        self.life.sleep(length)
        self.life.check()

    def follow(self, rules: Policy) -> None:
        """Another policy, for what is open too."""
        self.life.policy = rules
        self.life.hear()

    def told(self, *stages: str) -> list[str]:
        """To whom what was told, in order; by default of the chain alone."""
        wanted = stages or ("overdue", "escalation", "exhausted")
        return [step.to or step.stage for _, step in self.life.told if step.stage in wanted]

    def outcome(self, part: str) -> list[tuple[str, str | None]]:
        return [(entry.outcome, entry.reason) for key, entry in self.life.entries.items() if part in key]


TWO = (("assignees", "PT0S"), ("managers", "PT30M"))


def test_each_acknowledgement_that_expires_lets_the_chain_begin_anew() -> None:
    """Also the second one, by somebody else, after the first fell with its owner's assignment."""
    crm = Crm(policy(*TWO, acknowledgement_expires="PT2H"))
    crm.say("created")
    crm.sleep(H + MINUTE)
    crm.life.do("acknowledge", "asha")
    crm.sleep(3 * H)
    assert crm.told() == ["overdue", "assignees", "managers"]
    crm.say("reassigned", assignee_ids=["ben"])
    answer = crm.life.do("acknowledge", "ben")
    assert (answer.state, answer.acknowledged_by) == ("acknowledged", "ben")
    crm.sleep(3 * H)
    assert crm.told() == ["overdue", "assignees", "managers", "assignees", "managers"]


def test_an_acknowledgement_that_has_expired_stands_in_nobody_s_way() -> None:
    """Somebody else may take it before the next level is told."""
    crm = Crm(policy(("assignees", "PT10M"), ("managers", "PT30M"), acknowledgement_expires="PT1H"))
    crm.say("created")
    crm.sleep(H + MINUTE)
    crm.life.do("acknowledge", "asha")
    crm.sleep(H + MINUTE)
    assert crm.life.do("acknowledge", "ravi").acknowledged_by == "ravi"


def test_levels_that_a_new_policy_adds_to_a_running_chain_are_told() -> None:
    """One whose time would be past is told at once, and the next waits from there."""
    crm = Crm(policy(("assignees", "PT0S")))
    crm.say("created")
    crm.sleep(5 * H)
    crm.follow(policy(*TWO, ("role:admin", "PT1H")))
    crm.sleep(MINUTE)
    assert crm.told() == ["overdue", "managers"]
    crm.sleep(H)
    assert crm.told() == ["overdue", "managers", "role:admin"]


def test_a_wait_that_a_new_policy_shortens_ends_at_once() -> None:
    """It is not late, for nobody had been told to wait for it."""
    crm = Crm(policy(("assignees", "PT0S"), ("managers", "PT8H")))
    crm.say("created")
    crm.sleep(5 * H)
    crm.follow(policy(*TWO))
    crm.sleep(MINUTE)
    assert crm.told() == ["overdue", "managers"]


def test_a_level_put_in_before_a_told_one_tells_it_not_again() -> None:
    """A level is known by its audience, not by its place."""
    crm = Crm(policy(*TWO, ("role:admin", "PT8H")))
    crm.say("created")
    crm.sleep(2 * H)
    crm.follow(policy(("assignees", "PT0S"), ("team:duty", "PT30M"), ("managers", "PT2H"), ("role:admin", "PT8H")))
    crm.sleep(DAY)
    assert crm.told("overdue", "escalation") == ["overdue", "managers", "team:duty", "role:admin"]


def test_moved_away_and_back_a_chain_goes_on() -> None:
    """Nobody is told twice, and nobody is left out."""
    crm = Crm(policy(*TWO, ("role:admin", "PT1H")))
    crm.say("created")
    crm.sleep(H + 5 * MINUTE)
    crm.say("rescheduled", due_at=START + DAY)
    crm.sleep(3 * H)
    crm.say("rescheduled")
    crm.sleep(5 * H)
    assert crm.told() == ["overdue", "managers", "role:admin", "role:admin"]


def test_the_same_people_in_another_order_restart_nothing() -> None:
    """Updates cannot put an escalation off for ever."""
    crm = Crm(policy(*TWO))
    crm.say("created", assignee_ids=["asha", "ben"])
    crm.sleep(H)
    for number in range(5):
        crm.sleep(10 * MINUTE)
        crm.say("updated", assignee_ids=["asha", "ben"] if number % 2 else ["ben", "asha"])
    assert crm.told() == ["overdue", "managers"]


def test_a_deadline_corrected_while_it_is_late_goes_on_alarming() -> None:
    """A known entity that is moved into the past is overdue now."""
    crm = Crm(policy(*TWO))
    crm.say("created")
    crm.sleep(5 * H)
    crm.say("updated", due_at=START + H + MINUTE)
    crm.sleep(H)
    assert crm.told("overdue") == ["overdue", "overdue"]
    assert crm.life.stage == "escalated"


def test_a_ticket_whose_priority_rises_past_its_deadline_is_late_at_once() -> None:
    """Whoever should have answered already hears of it."""
    rules = Policy(overdue_after="PT0S", first_response={"normal": "PT8H", "high": "PT1H"})
    crm = Crm(rules, "ticket")
    crm.say("created", priority="normal")
    crm.sleep(2 * H)
    crm.say("updated", priority="high")
    assert [step.type for _, step in crm.life.told if step.stage == "overdue"] == ["ticket.response_overdue"]


def test_opened_again_after_its_deadline_it_is_overdue() -> None:
    """What had not been told before it was closed is told now."""
    crm = Crm(policy(*TWO))
    crm.say("created")
    crm.sleep(MINUTE)
    crm.say("completed")
    crm.sleep(5 * H)
    crm.say("created")
    assert (crm.told(), crm.life.stage) == (["overdue"], "overdue")
    crm.sleep(H)
    assert crm.told()[1] == "managers"


@pytest.mark.parametrize(("late", "told"), [(20 * MINUTE, ["managers", "exhausted"]), (3 * H, [])])
def test_first_heard_of_when_it_is_late_only_what_is_ahead_is_told(late: timedelta, told: list[str]) -> None:
    """Within late_cutoff the chain goes on; beyond it nobody is alarmed, as when old work is imported."""
    crm = Crm(policy(*TWO))
    crm.say("created", due_at=START - late)
    crm.sleep(DAY)
    assert [name.replace("role:admin", "exhausted") for name in crm.told()] == told
    assert crm.outcome("overdue-")[0] == ("skipped", "past")


def test_a_snooze_keeps_a_promised_callback() -> None:
    """Of each type the last reminder that still has a point is told at its end."""
    rules = Policy(reminders=[Reminder(before="PT1H")], overdue_after="PT0S", resolution={"high": "PT4H"})
    crm = Crm(rules, "ticket")
    crm.say("created", callback_at=START + H)
    crm.life.do("snooze", "asha", START + 3.5 * H)
    crm.sleep(10 * H)
    assert [step.type for _, step in crm.life.told if step.stage != "notice"] == [
        "ticket.callback_due", "ticket.reminder", "ticket.overdue",
    ]  # fmt: skip


def test_after_a_snooze_over_the_deadline_only_what_is_overdue_is_told() -> None:
    """No reminder of a time that has passed."""
    crm = Crm(policy(*TWO, reminders=[Reminder(before="PT30M"), Reminder(before="PT0S")]))
    crm.say("created")
    crm.life.do("snooze", "asha", START + 3 * H)
    crm.sleep(3 * H + MINUTE)
    assert [step.stage for _, step in crm.life.told] == ["notice", "overdue"]


def test_a_snooze_falls_when_it_is_opened_again_or_its_owner_relieved() -> None:
    """Nobody inherits another's silence."""
    for act in ("completed", "reassigned"):
        crm = Crm(policy(*TWO))
        crm.say("created", due_at=START + 2 * DAY)
        crm.life.do("snooze", "asha", START + 30 * DAY)
        if act == "completed":
            crm.say("completed", due_at=START + 2 * DAY)
            crm.sleep(MINUTE)
        crm.say("created" if act == "completed" else act, due_at=START + 2 * DAY, assignee_ids=["ben"])
        crm.sleep(3 * DAY)
        assert crm.told()[:2] == ["overdue", "managers"], act


def test_an_answer_stays_one_when_its_author_is_relieved() -> None:
    """Who was responsible when it was written counts, where nobody is named who asked."""
    crm = Crm(Policy(overdue_after="PT0S", first_response={"high": "PT4H"}), "ticket")
    crm.say("created")
    crm.sleep(H)
    crm.say("message", message={"id": "m1", "author_id": "asha", "text": "Looking into it"})
    crm.say("assigned", assignee_ids=["ben"])
    crm.sleep(10 * H)
    assert crm.told() == []


def test_reminding_by_hand_has_a_brake() -> None:
    """Once a minute, and what is asked for again is not told again."""
    crm = Crm(policy(*TWO))
    crm.say("created")
    assert crm.life.do("remind_now", "ravi").refusal is None
    assert crm.life.do("remind_now", "ravi").refusal == "nothing_to_remind_of"
    crm.sleep(2 * MINUTE)
    assert crm.life.do("remind_now", "ravi").refusal is None


def test_a_policy_beyond_all_calendars_stops_nothing_and_is_refused() -> None:
    """What older versions let in is followed as far as it goes."""
    endless = policy(*(("managers", "P3650D"),) * 20, repeat=100, calendar=OFFICE_HOURS)
    crm = Crm(endless)
    crm.say("created")
    crm.sleep(DAY)
    assert crm.told() == ["overdue"]
    fields = {".".join(map(str, problem.path)) for problem in check(endless, kind="follow_up")}
    assert "escalation.repeat" in fields
    rare = OFFICE_HOURS.model_copy(update={"hours": {"mon": [("09:00", "09:01")]}})
    assert unworkable(policy(("managers", "P30D"), calendar=rare), "UTC", START) != []
    assert unworkable(policy(*TWO, calendar=OFFICE_HOURS), "UTC", START) == []


def test_after_an_outage_the_waits_count_from_what_was_told_late() -> None:
    """Nobody is told of a level before the one that it follows, and the admins last of all."""
    crm = Crm(policy(("assignees", "PT30M"), ("managers", "PT30M")))
    crm.say("created")
    crm.life.outage(4 * H)
    crm.sleep(timedelta(0))
    assert (crm.outcome("overdue-")[0], crm.told()) == (("skipped", "late"), [])
    crm.sleep(3 * H)
    assert crm.told() == ["assignees", "managers", "role:admin"]


def test_a_chain_of_what_was_late_from_the_start_can_be_acknowledged() -> None:
    """Once a level of it has been told."""
    crm = Crm(policy(*TWO, ("role:admin", "PT1H")))
    crm.say("created", due_at=START - 20 * MINUTE)
    crm.sleep(15 * MINUTE)
    assert (crm.told(), crm.life.stage) == (["managers"], "escalated")
    assert crm.life.do("acknowledge", "ravi").state == "acknowledged"
    crm.sleep(DAY)
    assert crm.told() == ["managers"]


def test_planned_anew_a_chain_whose_first_levels_were_past_stays_as_it_is() -> None:
    """What had passed before we heard of it counts from its own instant, whenever that is asked."""
    crm = Crm(policy(*TWO, ("role:admin", "PT2H")))
    crm.say("created", due_at=START - H)
    steps = crm.life.steps
    assert [step.due_at for step in steps if step.stage == "escalation"] == [START + 1.5 * H]
    crm.sleep(20 * MINUTE)
    crm.life.hear()
    assert crm.life.steps == steps
