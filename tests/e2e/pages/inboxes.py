"""The page `/inbox`, as its tests open and read it."""

from playwright.async_api import Locator, Page, expect

from tests.e2e.pages.conftest import Site


async def open_inbox(page: Page, site: Site, query: str = "", *, live: bool = True) -> Locator:
    """The page, logged in and live; the titles of its list."""
    await page.goto(f"{site.url}/inbox{query}#token={site.token('user')}")
    if live:
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator("#items")).to_have_attribute("aria-busy", "false")
    return page.locator("#items .title > span:last-child")


def row(page: Page, id_: str) -> Locator:
    return page.locator(f'#items li[data-id="{id_}"]')


async def ids(site: Site, status: str) -> list[str]:
    """What the server's list holds, the newest first."""
    answer = await site.get(f"/v1/notifications?status={status}", role="user")
    return [item["id"] for item in answer.json()["items"]]
