"""The API reference, in a browser that reaches nothing but us."""

from playwright.async_api import Page, expect

from tests.e2e.pages.conftest import Site


async def test_the_reference_is_served_from_here(page: Page, site: Site) -> None:
    """It shows the events' path, and every request of the page goes to the product itself."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{site.url}/docs")
    await expect(page.get_by_text("/v1/events").first).to_be_visible()
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
