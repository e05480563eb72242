"""A person at the desk: creates an appointment in a real browser and sees its reminder arrive in the bell."""

from pathlib import Path

from playwright.async_api import BrowserContext, expect

from tests.e2e.pages.conftest import browser, context
from tests.product import Product

__all__ = ["browser", "context"]


async def test_a_reminder_arrives_in_the_bell_of_the_one_who_made_the_appointment(
    tmp_path: Path, context: BrowserContext
) -> None:
    """Everything real: the greeting's link, the form, Temporal, the worker, the socket, the badge and the row."""
    async with Product(tmp_path) as product, product.client() as client:
        policy = {"reminders": [{"before": "PT58S"}], "overdue_after": None}
        (await client.put("/v1/admin/policies/appointment", json=policy)).raise_for_status()
        page = await context.new_page()
        await page.goto(product.login)
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        await page.get_by_label("Title").fill("Visit of the lion")
        await page.get_by_label("Customer").fill("Meera Iyer")
        await page.get_by_role("button", name="Create appointment").click()
        bell = page.locator("notification-bell")
        await expect(bell.locator(".badge")).to_have_text("2", timeout=20_000)
        await bell.locator(".bell").click()
        await expect(bell.locator("li .title").first).to_contain_text("Visit of the lion")
        await expect(bell.locator("li").first).to_contain_text("starts in")
