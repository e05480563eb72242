"""axe-core looks at every page, wide and narrow, light and dark."""

from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.e2e.pages.conftest import Site, note

TAKE = [{"action": "acknowledge", "title": "Acknowledge"}]
READY = {
    "/": "#connection[data-state=live]",
    "/inbox": "#items li",
    "/preferences": "#all",
    "/outbox": "main",
    "/offline": "main",
}


@pytest.mark.parametrize("path", READY)
async def test_no_page_has_a_finding(page: Page, site: Site, path: str) -> None:
    """Roles, names, contrast, landmarks, order of headings; and nothing is wider than the screen."""
    await site.notify(
        note("n1", priority="urgent", actions=TAKE, action_url="/x", action_text="Open"),
        note("n2", 1, priority="high", category="tasks"),
        note("n3", 2, read_at=note("x").created_at),
    )  # fmt: skip
    await page.emulate_media(reduced_motion="reduce")
    await page.goto(f"{site.url}{path}#token={site.token()}")
    await expect(page.locator(READY[path]).first).to_be_visible()
    found: dict[str, Any] = {}
    for width, scheme in ((1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.wait_for_function("document.getAnimations().every(({ playState }) => playState !== 'running')")
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wide > 0:
            found[f"scrolls sideways by {wide} px at {width} px"] = []
        for finding in (await Axe().run(page, options={"resultTypes": ["violations"]})).response["violations"]:
            nodes = [node["html"][:120] for node in finding["nodes"]]
            found[f"{finding['id']} ({finding['impact']}) at {width} px, {scheme}"] = nodes
    assert found == {}
