"""Who is logged in, and that a log-out is one, in a browser."""

import shutil
from datetime import timedelta

import pytest
from playwright.async_api import BrowserContext, Page, async_playwright, expect

from api.identity import mint
from tests.e2e.pages.conftest import _FLAGS, SECRETS, TENANT, Site, note
from tests.e2e.pages.test_preferences_page import push_service

BLOCKED = "Object.defineProperty(window, '%s', { get() { throw new DOMException('denied', 'SecurityError') } });"


def _link(site: Site, path: str, user: str) -> str:
    return f"{site.url}{path}#token={mint(SECRETS, TENANT, user, 'user', timedelta(hours=1))}"


@pytest.mark.service_worker
async def test_a_log_out_takes_push_away_and_ends_every_page_of_the_user(
    page: Page, context: BrowserContext, site: Site
) -> None:
    """On the server and in the browser, with other tabs; nobody else's login takes its place, and theirs goes on."""
    await push_service(context, site, is_on=True)
    await page.goto(_link(site, "/preferences", "asha"))
    await expect(page.locator("#push-state")).to_have_text("Push is on for this device.")
    other, bala = await context.new_page(), await context.new_page()
    await other.goto(f"{site.url}/inbox")
    await expect(other.locator("#user")).to_have_text("asha · acme")
    await bala.goto(_link(site, "/inbox", "bala"))
    async with bala.expect_response("**/v1/push/unsubscribe"):
        await bala.get_by_role("button", name="Switch").click()
    await expect(bala.locator("#user")).to_have_text("bala · acme")
    # The browser's pushes are for whoever has opened a page last.
    async with page.expect_response("**/v1/push/unsubscribe"):
        await page.reload()
    await expect(page.locator("#push-state")).to_have_text("Push is on for this device.")

    await page.locator("#logout").click()
    await expect(page.locator("#login")).to_be_visible()
    await expect(other.locator("#login")).to_be_visible()
    assert (await site.get("/v1/push/subscriptions", role="user")).json() == {"items": []}
    assert await page.evaluate("localStorage.getItem('subscribed')") == "no"
    for tab in (page, other):
        await tab.reload()
        await expect(tab.locator("#login")).to_be_visible()
    await other.locator("#login pre").focus()
    await other.keyboard.press("?")
    await expect(other.locator("dialog")).to_have_count(0)
    await bala.reload()
    await expect(bala.locator("#user")).to_have_text("bala · acme")


async def test_the_way_back_after_a_log_out_leads_to_the_log_in(site: Site) -> None:
    """Also where the browser has kept the page as it was, and tells it of nothing."""
    await site.notify(note("one", title="Confidential"))
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    keeps = ["--disable-back-forward-cache"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS, ignore_default_args=keeps)
        # A worker that takes over a kept page makes the browser drop it.
        page = await browser.new_page(service_workers="block")
        await page.add_init_script("addEventListener('storage', event => event.stopImmediatePropagation())")
        await page.goto(_link(site, "/inbox", "asha"))
        await expect(page.locator("#items li")).to_have_count(1)
        await page.evaluate("addEventListener('pageshow', e => sessionStorage.setItem('kept', e.persisted))")
        await page.evaluate("location.assign('/preferences')")
        await expect(page.locator("#all")).to_be_visible()
        await page.locator("#logout").click()
        await expect(page.locator("#login")).to_be_visible()
        await page.evaluate("history.back()")
        await page.wait_for_url("**/inbox")
        await expect(page.locator("#login")).to_be_visible()
        await expect(page.get_by_text("Confidential")).to_have_count(0)
        assert await page.evaluate("sessionStorage.getItem('kept')") == "true"
        await browser.close()


@pytest.mark.thorough
async def test_a_link_of_somebody_else_asks_before_it_logs_in(page: Page, site: Site) -> None:
    """In a page that is open and in one that comes; what is no token changes nothing."""
    await page.goto(_link(site, "/inbox", "asha"))
    await expect(page.locator("#user")).to_have_text("asha · acme")
    await page.goto(_link(site, "/inbox", "bala"))
    await expect(page.get_by_role("dialog")).to_contain_text("This link logs you in as bala · acme.")
    assert page.url == f"{site.url}/inbox"
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.evaluate("location.hash = 'token=nonsense'")
    await page.wait_for_url(f"{site.url}/inbox")
    await page.goto(_link(site, "/", "bala"))
    await expect(page.get_by_role("dialog")).to_contain_text("You are logged in as asha · acme.")
    await page.keyboard.press("Escape")
    await expect(page.locator("#user")).to_have_text("asha · acme")
    await page.goto(_link(site, "/preferences", "bala"))
    await page.get_by_role("button", name="Switch").click()
    await expect(page.locator("#user")).to_have_text("bala · acme")


@pytest.mark.thorough
async def test_without_storage_a_login_lasts_for_the_page(page: Page, site: Site) -> None:
    """By a link and by the form; the token leaves the address all the same."""
    await page.add_init_script(BLOCKED % "localStorage" + BLOCKED % "sessionStorage")
    await page.goto(_link(site, "/inbox", "asha"))
    await expect(page.locator("#user")).to_have_text("asha · acme")
    assert page.url == f"{site.url}/inbox"
    await page.locator("#logout").click()
    await page.get_by_label("Token").fill(site.token("user"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#user")).to_have_text("asha · acme")
    assert page.url == f"{site.url}/inbox"
