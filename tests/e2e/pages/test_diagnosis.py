"""The part of `/preferences` that asks "Push not received?", in a browser."""

from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from punctual import events
from punctual.timeline import Entry, Step
from store.ledger import Delivery
from tests.e2e.pages.conftest import USER, Site
from tests.e2e.pages.test_preferences_page import FRIDAY_NIGHT, PATH, _open, push_service
from tests.eventually import eventually

pytestmark = pytest.mark.service_worker


@pytest.mark.thorough
async def test_the_diagnosis_stops_at_what_is_wrong_and_says_what_to_do(page: Page, site: Site) -> None:
    """Here the browser was not asked for its permission yet."""
    await _open(page, site)
    await page.get_by_role("button", name="Check this device").click()
    await expect(page.locator("#diagnosis-result")).to_contain_text("Something keeps pushes away")
    checks = "all => all.map(one => [one.dataset.check, one.className])"
    assert await page.locator("#diagnosis li").evaluate_all(checks) == [
        ["secure", "good"], ["browser", "good"], ["permission", "bad"],
    ]  # fmt: skip
    await expect(page.locator("#diagnosis li").last).to_contain_text("allow notifications in its site settings")


async def _tested(site: Site, outcome: str, reason: str | None) -> None:
    """A worker that hears of a test push, whose delivery comes to that."""

    async def is_asked_for() -> bool:
        return bool(site.temporal.events)

    await eventually(is_asked_for)
    event = events.parse(site.temporal.events[0], now=datetime.now(UTC))
    step = Step(key=event.key, type=event.type, stage="notice", due_at=event.time)
    ours = {"channel": "web_push", "step_key": step.key, "notification_id": None, "at": event.time}
    told = Delivery(id=event.about, user_id=USER, outcome=outcome, reason=reason, **ours)
    await site.keep("test", event.about, steps=[Entry(step, "sent")], told=[told])


async def test_the_diagnosis_goes_all_the_way(page: Page, context: BrowserContext, site: Site) -> None:
    """Worker, subscription, key, server, mutes, quiet hours and a test to its end; the rest only the device knows."""
    await push_service(context, site, is_on=True)
    quiet = {"enabled": True, "start": "22:00", "end": "07:00", "timezone": "Asia/Kolkata"}
    some = {"categories": {"sales": {"web_push": False}}, "types": {"ticket.closed": {"web_push": False}}}
    await site.send("PUT", PATH, {"quiet_hours": quiet, **some})
    await page.clock.set_fixed_time(FRIDAY_NIGHT)
    await _open(page, site)
    await expect(page.locator("#push-state")).to_have_text("Push is on for this device.")
    await expect(page.locator("#devices .chip")).to_have_text("This device")
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    await page.get_by_role("button", name="Check this device").click()
    await expect(page.locator("[data-check=sending]")).to_be_visible()
    await _tested(site, "sent", None)
    await expect(page.locator("#diagnosis-result")).to_contain_text("Everything is set")
    found = await page.locator("#diagnosis li:not(.good)").evaluate_all("all => all.map(one => one.dataset.check)")
    assert found == ["partly", "important", "quiet", "arrived"]
    await expect(page.locator("[data-check=sent]")).to_contain_text("The push service has taken a test")
    await expect(page.locator("[data-check=partly]")).to_contain_text("Muted: Sales; Tickets: Closed.")
    await page.get_by_label("All notifications, Push").select_option("off")
    await page.get_by_role("button", name="Check this device").click()
    await expect(page.locator("#diagnosis li.bad")).to_contain_text("You have muted push")


async def _answers(page: Page, path: str, body: dict[str, Any], status: int = 200) -> None:
    await page.route(f"**/v1/{path}", lambda route: route.fulfill(status=status, json=body))


@pytest.mark.thorough
async def test_the_diagnosis_says_what_became_of_its_test(page: Page, context: BrowserContext, site: Site) -> None:
    """It comes later, was not sent, could not be sent, or the server cannot send any: each with the reason."""
    await push_service(context, site, is_on=True)
    await _open(page, site)
    await page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    for status, outcome, reason, words, result in (
        (202, "deferred", "quiet_hours", "The test comes later: your quiet hours hold", "has not gone out yet"),
        (202, "withheld", "budget", "The test was not sent: today’s limit of pushes is reached", "keeps pushes away"),
        (202, "failed", "rejected", "The test could not be sent: the push service refused it", "keeps pushes away"),
        (409, "withheld", "channel_off", "The test was not sent: the server has no push keys", "keeps pushes away"),
    ):
        told = {"channel": "web_push", "outcome": outcome, "reason": reason}
        await _answers(page, "push/test", {"entity": {"kind": "notification", "id": "t1"}, "code": reason}, status)
        await _answers(page, "entities/**", {"timeline": [{"recipients": [told]}]})
        await page.get_by_role("button", name="Check this device").click()
        await expect(page.locator(f"[data-check={outcome}]")).to_contain_text(words)
        await expect(page.locator("#diagnosis-result")).to_contain_text(result)
