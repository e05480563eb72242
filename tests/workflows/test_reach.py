"""Levels that reach nobody, or people whom another level has told in the same instant, in virtual time."""

from datetime import datetime

from temporalio.testing import WorkflowEnvironment

from tests.workflows.escalating import MINUTE, OVERDUE, H, chain, created, told
from tests.world import World, user


async def test_a_level_nobody_of_which_can_be_reached_is_passed_at_once_and_shown(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A manager without a usable channel still finds it in the inbox, and the next level does not wait for him."""
    for name in ("web_push", "email"):
        crm.channels[name].reasons = {"ravi": "no_address"}
    await created(crm, now, now + H)
    await virtual.sleep(H + 31 * MINUTE)
    assert await told(crm) == {"asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE], "olga": []}
    shown = [value for key, value in (await crm.timeline()).items() if "level-managers" in key and "of" not in key]
    assert shown == [("withheld", "unreachable")]


async def test_a_chain_without_anybody_ends_with_the_admins_at_once(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """Inactive and unknown people, no managers: nothing is waited for."""
    await crm.people(user("asha", active=False))
    await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    assert (await told(crm))["olga"] == ["escalation.exhausted"]
    assert {d.reason for d in await crm.deliveries() if d.user_id == "asha"} == {"inactive"}


async def test_levels_that_meet_in_one_instant_tell_nobody_twice(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """A copy of what is overdue, and a first level for the same manager: once, and the row says why."""
    await crm.follow(chain(("managers", "PT0S"), ("managers_of_managers", "PT30M"), copy_managers_on=["overdue"]))
    await created(crm, now, now + H)
    await virtual.sleep(2 * H)
    assert await told(crm, "asha ravi lena") == {"asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE]}
    rows = {(d.user_id, d.outcome, d.reason) for d in await crm.deliveries() if d.step_key.endswith("level-managers")}
    assert rows == {("ravi", "superseded", "stale")}


async def test_a_round_that_reached_nobody_is_not_repeated(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """The admins hear of it at once, instead of every level again and again."""
    for name in ("web_push", "email"):
        crm.channels[name].reasons = dict.fromkeys(("asha", "ravi", "lena"), "no_address")
    await crm.follow(chain(("assignees", "PT0S"), ("managers", "PT30M"), ("managers_of_managers", "PT1H"), repeat=5))
    await created(crm, now, now + H)
    await virtual.sleep(H + MINUTE)
    assert await told(crm) == {
        "asha": [OVERDUE], "ravi": [OVERDUE], "lena": [OVERDUE], "olga": ["escalation.exhausted"],
    }  # fmt: skip


async def test_where_no_other_channel_is_on_the_inbox_counts(
    crm: World, virtual: WorkflowEnvironment, now: datetime
) -> None:
    """An installation without push and mail escalates by its waits all the same."""
    for name in ("web_push", "email"):
        crm.channels[name].reasons = dict.fromkeys(("asha", "ravi", "lena"), "channel_off")
    await created(crm, now, now + H)
    await virtual.sleep(H + 29 * MINUTE)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE], "ravi": []}
    await virtual.sleep(2 * MINUTE)
    assert await told(crm, "asha ravi") == {"asha": [OVERDUE], "ravi": [OVERDUE]}
