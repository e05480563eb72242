"""The page `/preferences`, in a browser."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Dialog, Page, Route, expect
from pydantic import SecretStr

from tests.e2e.pages.conftest import Site

PATH = "/v1/preferences"
# 23:30 in Kolkata on a Friday.
FRIDAY_NIGHT = datetime(2026, 11, 20, 18, tzinfo=UTC)
DEVICE: dict[str, Any] = {
    "endpoint": "https://fcm.googleapis.com/fcm/send/abc",
    "keys": {
        "p256dh": "BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
        "auth": "tBHItJI5svbpez7KI4CCXg",
    },
}
KEY: str = DEVICE["keys"]["p256dh"]
# A push service in the browser: headless ones reach none. What was subscribed is kept for the origin.
PUSH_SERVICE = """(device, isOn) => {
  const plain = atob(device.keys.p256dh.replaceAll("-", "+").replaceAll("_", "/"));
  const applicationServerKey = Uint8Array.from(plain, (one) => one.charCodeAt(0)).buffer;
  const put = (value) => localStorage.setItem("subscribed", value);
  const unsubscribe = async () => put("no");
  const one = { options: { applicationServerKey }, endpoint: device.endpoint, toJSON: () => device, unsubscribe };
  const is = () => (localStorage.getItem("subscribed") ?? (isOn ? "yes" : "no")) === "yes";
  PushManager.prototype.getSubscription = async () => (is() ? one : null);
  PushManager.prototype.subscribe = async () => (put("yes"), one);
}"""
LATE = """() => {
  window.limits = [];
  AbortSignal.timeout = () => {
    const limit = new AbortController();
    limits.push(limit);
    return limit.signal;
  };
}"""

pytestmark = pytest.mark.service_worker


@pytest.fixture(autouse=True)
def channels(site: Site) -> None:
    """Push, which the browsers here are not subscribed to, and mail are on."""
    site.ours.settings.vapid_private_key, site.ours.settings.vapid_public_key = SecretStr("private"), KEY
    site.ours.settings.email_url = SecretStr("outbox:")


async def push_service(context: BrowserContext, site: Site, *, is_on: bool) -> None:
    """A server with keys, and a browser with a push service, already subscribed or not yet."""
    site.ours.settings.vapid_private_key, site.ours.settings.vapid_public_key = SecretStr("private"), KEY
    await context.grant_permissions(["notifications"], origin=site.url)
    await context.add_init_script(f"({PUSH_SERVICE})({json.dumps(DEVICE)}, {json.dumps(is_on)})")


async def _open(page: Page, site: Site, query: str = "") -> None:
    """The page, logged in, live and drawn."""
    await page.goto(f"{site.url}/preferences{query}#token={site.token('user')}")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator("#all")).to_be_visible()


async def _stored(site: Site) -> Any:
    return (await site.get(PATH, role="user")).json()


async def test_the_table_says_what_reaches_whom_and_keeps_what_is_chosen(page: Page, site: Site) -> None:
    """Defaults in words; a category follows its channel, a type its category, until it has a choice of its own.

    A channel that is off has no column, and one that brings no summaries no choice about them.
    """
    site.ours.settings.sms_url = SecretStr("json://sms.example/{phone}")
    await _open(page, site)
    heads = await page.locator("#matrix thead th").evaluate_all("all => all.map(one => one.dataset.channel)")
    assert heads[1:] == ["inbox", "websocket", "web_push", "email", "sms"]
    digests = (
        await page.locator("#digests tr")
        .first.locator("select")
        .evaluate_all("all => all.map(one => one.closest('td').dataset.channel)")
    )
    assert digests == ["inbox", "email"]
    shown = "select => select.selectedOptions[0].textContent"
    cell = page.locator("#matrix").get_by_label
    for label, words in {
        "All notifications, Inbox": "Everything",
        "All notifications, Push": "Important only",
        "Tickets, Email": "Important only",
        "All notifications, SMS": "Nothing",
    }.items():
        assert await cell(label).evaluate(shown) == words
    await cell("All notifications, Email").select_option(label="Nothing")
    assert await cell("Tickets, Email").evaluate(shown) == "Nothing"
    await cell("Tickets, Email").select_option(label="Everything")
    await page.get_by_role("button", name="Tickets").click()
    assert await cell("Closed, Email").evaluate(shown) == "On"
    await cell("Closed, Email").select_option("off")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    await page.reload()
    await expect(page.locator("#all")).to_be_visible()
    assert await cell("Sales, Email").evaluate(shown) == "Nothing"
    chosen = await _stored(site)
    assert chosen["channels"] == {"email": False}
    assert chosen["categories"] == {"tickets": {"email": True}}
    assert chosen["types"] == {"ticket.closed": {"email": False}}


@pytest.mark.thorough
async def test_what_protects_the_account_is_always_on_and_says_why(page: Page, site: Site) -> None:
    """There is no control that would do nothing, also not at the address's category."""
    await site.send("PUT", PATH, {"channels": {"email": False}})
    await _open(page, site)
    await page.goto(f"{site.url}/inbox")
    await page.goto(f"{site.url}/preferences#security")
    body = page.locator("#matrix tbody#security")
    await expect(body.locator("tr.type")).to_have_count(2)
    await expect(body.get_by_text("Failed log-in")).to_be_visible()
    await expect(body.locator("select")).to_have_count(0)
    await expect(body.locator(".fixed").first).to_have_attribute(
        "title", "This protects your account and cannot be turned off."
    )


async def test_quiet_hours_say_what_they_mean_now(page: Page, site: Site) -> None:
    """For a chosen zone at a fixed moment, as they are changed."""
    await page.clock.set_fixed_time(FRIDAY_NIGHT)
    await _open(page, site)
    now = page.locator("#quiet-now")
    await expect(now).to_contain_text("No quiet hours")
    await page.get_by_role("switch", name="On").check()
    await expect(now).to_have_text(
        "Quiet from 22:00 to 7:00, Mon–Sun, your own zone (on this device Asia/Kolkata). "
        "Now it is 23:30 there: quiet until 7:00. Push and mail wait."
    )
    await page.get_by_label("Time zone").select_option("Europe/Berlin")
    await page.get_by_label("Wednesday").uncheck()
    await expect(now).to_have_text(
        "Quiet from 22:00 to 7:00, Mon–Tue, Thu–Sun, Europe/Berlin. Now it is 19:00 there: not quiet."
    )
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    hours = (await _stored(site))["quiet_hours"]
    assert (hours["enabled"], hours["timezone"], "wed" in hours["days"]) == (True, "Europe/Berlin", False)


async def test_what_the_server_refuses_stands_at_its_field_and_leaving_warns(page: Page, site: Site) -> None:
    """Nothing is lost in silence: the reader is told, asked before leaving, and can mend it."""
    await _open(page, site)
    await page.get_by_role("radio", name="Weekly").check()
    await page.get_by_label("Time, to the quarter hour").fill("08:07")
    await expect(page.locator("#at-error")).to_contain_text("Must be a quarter hour")
    await expect(page.locator("#at")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#saving")).to_contain_text("Not saved")
    async with page.expect_event("dialog") as asked:
        await page.evaluate("setTimeout(() => location.assign('/inbox'))")
    dialog = await asked.value
    assert dialog.type == "beforeunload"
    await dialog.dismiss()
    await page.get_by_label("Time, to the quarter hour").fill("18:15")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    await expect(page.locator("#at-error")).to_be_empty()
    await expect(page.locator("#digest-now")).to_have_text("Every Monday at 18:15, on your own clock.")
    assert (await _stored(site))["digest"] == {"frequency": "weekly", "at": "18:15", "weekday": "mon"}


@pytest.mark.thorough
async def test_a_change_made_without_a_network_is_saved_when_it_is_back(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """It says "not saved" meanwhile; the last state counts."""
    await _open(page, site)
    await context.set_offline(True)
    await expect(page.locator("#banner")).to_contain_text("You are offline")
    await page.get_by_label("Sales, Push").select_option("on")
    await expect(page.locator("#saving")).to_have_text("Not saved: The server cannot be reached.")
    await page.get_by_label("Sales, Push").select_option("off")
    await context.set_offline(False)
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    assert (await _stored(site))["categories"] == {"sales": {"web_push": False}}


@pytest.mark.thorough
async def test_changes_while_one_is_being_saved_are_saved_after_it(page: Page, site: Site) -> None:
    """Two requests, one after the other, and the second has both."""
    sent: list[Any] = []

    async def slowly(route: Route) -> None:
        if route.request.method == "PUT":
            sent.append(route.request.post_data_json)
            if len(sent) == 1:
                await page.get_by_label("Tasks, Email").select_option("off")
        await route.continue_()

    await _open(page, site)
    await page.route(f"**{PATH}", slowly)
    await page.get_by_label("Sales, Email").select_option("off")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    assert [list(body["categories"]) for body in sent] == [["sales"], ["sales", "tasks"]]
    assert set((await _stored(site))["categories"]) == {"sales", "tasks"}


async def test_what_another_device_has_changed_meanwhile_stays(page: Page, site: Site) -> None:
    """Each change is made to what is stored now, also two at once; the page shows the other's."""
    await _open(page, site)
    await site.send("PUT", PATH, {"categories": {"sales": {"email": False}}, "quiet_hours": {"enabled": True}})
    await page.get_by_label("Tasks, Email").select_option("off")
    await page.get_by_label("Tasks, Push").select_option("off")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    await expect(page.get_by_role("switch", name="On")).to_be_checked()
    chosen = await _stored(site)
    assert chosen["categories"] == {"sales": {"email": False}, "tasks": {"email": False, "web_push": False}}
    assert chosen["quiet_hours"]["enabled"] is True


@pytest.mark.thorough
async def test_a_server_that_is_silent_is_not_waited_for_and_the_focus_stays(page: Page, site: Site) -> None:
    """The change is said not to be saved, and tried again by keyboard; going back to defaults keeps the focus too,
    and what was chosen for a channel that is off here.
    """
    hidden = {"channels": {"sms": True}, "types": {"ticket.closed": {"sms": False}}}
    await site.send("PUT", PATH, hidden)
    await _open(page, site)
    await expect(page.locator("#reset")).to_be_hidden()
    await page.evaluate(LATE)
    asked = asyncio.Event()

    async def silent(_: Route) -> None:
        asked.set()

    await page.route(f"**{PATH}", silent)
    await page.get_by_label("Tasks, Email").select_option("off")
    await asked.wait()
    await page.evaluate("limits.forEach(limit => limit.abort(new DOMException('', 'TimeoutError')))")
    await expect(page.locator("#saving")).to_have_text("Not saved: The server did not answer in time.")
    await page.unroute(f"**{PATH}")
    await page.locator("#save").press("Enter")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    await expect(page.locator("#saving")).to_be_focused()
    await page.locator("#reset").press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Back to defaults").press("Enter")
    await expect(page.locator("#reset")).to_be_hidden()
    await expect(page.locator("#matrix-heading")).to_be_focused()
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    chosen = await _stored(site)
    assert {name: chosen[name] for name in ("channels", "categories", "types")} == {**hidden, "categories": {}}


@pytest.mark.thorough
async def test_a_change_outlives_the_login_and_a_log_out_asks(page: Page, site: Site) -> None:
    """When it expires, the change is saved after the next one; who logs out decides whether it is lost."""
    dialogs: list[str] = []

    async def accept(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.accept()

    status = 401

    async def refuse(route: Route) -> None:
        if route.request.method == "PUT":
            await route.fulfill(status=status, json={"detail": "No."})
        else:
            await route.continue_()

    page.on("dialog", accept)
    await _open(page, site)
    await page.route(f"**{PATH}", refuse)
    await page.get_by_label("Tasks, Email").select_option("off")
    await expect(page.locator("#token-error")).to_contain_text("expired")
    await page.unroute(f"**{PATH}")
    await page.locator("#token").fill(site.token("user"))
    await page.locator("#token").press("Enter")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    assert (await _stored(site))["categories"] == {"tasks": {"email": False}}

    status = 503
    await page.route(f"**{PATH}", refuse)
    await page.get_by_label("Sales, Email").select_option("off")
    await expect(page.locator("#saving")).to_have_text("Not saved: No.")
    await page.locator("#logout").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.locator("#saving")).to_have_text("Not saved: No.")
    await page.locator("#logout").click()
    await page.get_by_role("dialog").get_by_role("button", name="Log out").click()
    await expect(page.locator("#login")).to_be_visible()
    assert dialogs == []


@pytest.mark.thorough
async def test_push_is_turned_on_and_off_after_a_first_look_that_failed(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """The devices are listed all the same; the focus goes from one button to the other."""
    await push_service(context, site, is_on=False)
    await site.send("POST", "/v1/push/subscriptions", {**DEVICE, "endpoint": DEVICE["endpoint"] + "2"})
    key = "**/v1/push/public-key"
    await page.route(key, lambda route: route.fulfill(status=503, json={"detail": "Not now."}))
    await _open(page, site)
    await expect(page.locator("#push-error")).to_have_text("Not now.")
    await expect(page.locator("#devices li")).to_contain_text("since")
    await page.unroute(key)
    await page.locator("#push-on").press("Enter")
    await expect(page.locator("#push-state")).to_have_text("Push is on for this device.")
    await expect(page.locator("#push-off")).to_be_focused()
    await expect(page.locator("#devices li")).to_have_count(2)
    await page.keyboard.press("Enter")
    await expect(page.locator("#push-on")).to_be_focused()
    await expect(page.locator("#devices li")).to_have_count(1)


@pytest.mark.thorough
async def test_devices_are_listed_and_removed(page: Page, site: Site) -> None:
    """With the browser's name and since when; the server forgets what is removed."""
    await site.send("POST", "/v1/push/subscriptions", DEVICE)
    await _open(page, site)
    device = page.locator("#devices li")
    await expect(device).to_contain_text("since")
    await device.get_by_role("button", name="Remove").click()
    await expect(device).to_have_text("No device takes pushes yet.")
    assert (await site.get("/v1/push/subscriptions", role="user")).json() == {"items": []}


async def test_the_keyboard_alone_changes_everything(page: Page, site: Site) -> None:
    """The skip link, a category opened and chosen, the quiet hours, a weekday and the digest."""
    await _open(page, site)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(5):
        await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Accounts")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Role changed, Push")).to_be_visible()
    await page.keyboard.press("Tab")
    await page.keyboard.press("N")
    await expect(page.get_by_label("Accounts, Inbox")).to_have_value("off")
    await page.get_by_role("switch", name="On").focus()
    await page.keyboard.press("Space")
    await page.get_by_label("Monday").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("radio", name="Off").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#saving")).to_have_text("All changes saved.")
    chosen = await _stored(site)
    assert chosen["categories"] == {"account": {"inbox": False}}
    assert (chosen["quiet_hours"]["enabled"], "mon" in chosen["quiet_hours"]["days"]) == (True, False)
    assert chosen["digest"]["frequency"] == "daily"


@pytest.mark.parametrize("lang", ["en", "hi"])
async def test_a_narrow_phone_shows_one_channel_at_a_time(page: Page, site: Site, lang: str) -> None:
    """360 px: nothing sticks out, also with types open; what is touched is 44 px high."""
    await page.set_viewport_size({"width": 360, "height": 740})
    await _open(page, site, f"?lang={lang}")
    for category in ("system", "security"):
        await page.locator(f"#{category} .expand").click()
    await page.locator("#channels label").nth(3).click()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.locator("#system tr").first.locator("td:visible")).to_have_attribute("data-channel", "email")
    low = """all => all.filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44)
      .map(one => one.outerHTML)"""
    touched = "main button, main select, main .check, .days label, main input:is([type=time], [type=search])"
    assert await page.locator(touched).evaluate_all(low) == []
