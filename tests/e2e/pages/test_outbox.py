"""The outbox: its data, and the page that shows it."""

from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.pages.conftest import TENANT, Site

MAIL, OTHER = "a" * 32, "b" * 32


def _mail(
    site: Site, id_: str, *, tenant: str = TENANT, subject: str = "10:00: Quarterly review", html: str = ""
) -> Path:
    mail = EmailMessage()
    mail["To"] = "asha@example.com"
    mail["Subject"] = subject
    mail["Date"] = "Fri, 20 Nov 2026 09:00:00 +0000"
    mail["X-Punctual-Tenant"] = tenant
    mail.set_content(f"{subject}\n\nYour appointment starts soon.\nOpen: {site.url}/#appointment/42\n")
    mail.add_alternative(html or f"<h1>{subject}</h1>", subtype="html")
    folder = site.ours.settings.data / "outbox"
    folder.mkdir(exist_ok=True)
    path = folder / f"{id_}.eml"
    path.write_bytes(mail.as_bytes())
    return path


async def test_an_admin_sees_the_mails_of_its_own_tenant_only(site: Site) -> None:
    """Another tenant's mail is not listed, and its id answers like an unknown one."""
    _mail(site, MAIL)
    _mail(site, OTHER, tenant="globex")
    [listed] = (await site.get("/v1/outbox")).json()["items"]
    assert (listed["id"], listed["to"], listed["subject"]) == (MAIL, "asha@example.com", "10:00: Quarterly review")
    assert listed["date"] == "2026-11-20T09:00:00Z"
    assert "starts soon" in listed["text"]
    shown = (await site.get(f"/v1/outbox/{MAIL}")).json()
    assert shown["html"].strip() == "<h1>10:00: Quarterly review</h1>"
    foreign, unknown = await site.get(f"/v1/outbox/{OTHER}"), await site.get(f"/v1/outbox/{'c' * 32}")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()


async def test_the_outbox_is_for_admins(site: Site) -> None:
    """A user's token is refused, no token is asked for one."""
    assert (await site.get("/v1/outbox", role="user")).status_code == 403
    assert (await site.get("/v1/outbox", role="")).status_code == 401


async def test_only_ids_name_mails(site: Site) -> None:
    """No other file can be read or is listed, whatever the id says."""
    mail = _mail(site, MAIL)
    for other in (mail.with_name("secret.eml"), mail.parent.parent / "secret.eml"):
        other.write_bytes(mail.read_bytes())
    for id_ in ("secret", "../secret", "..%2fsecret", MAIL.upper(), f"{MAIL}.eml", f"{MAIL}%00"):
        assert (await site.get(f"/v1/outbox/{id_}")).status_code == 404, id_
    assert [item["id"] for item in (await site.get("/v1/outbox")).json()["items"]] == [MAIL]


async def test_no_folder_is_an_empty_outbox(site: Site) -> None:
    """Before the first mail there is nothing, and no error."""
    assert (await site.get("/v1/outbox")).json() == {"items": []}


async def test_a_mail_is_shown_and_cannot_run_anything(page: Page, site: Site) -> None:
    """Its words appear in a sandboxed frame; its script does not run, its style does."""
    script = "<script>top.document.title='pwned'</script>"
    _mail(
        site,
        MAIL,
        html=f'{script}<p style="color: rgb(1, 2, 3)">Hello Asha</p><img src=x onerror="top.document.title=1">',
    )
    await page.goto(site.login)
    await page.goto(f"{site.url}/outbox")
    frame = page.frame_locator("#preview iframe")
    await expect(frame.locator("p")).to_have_text("Hello Asha")
    await expect(frame.locator("p")).to_have_css("color", "rgb(1, 2, 3)")
    assert await page.locator("#preview iframe").get_attribute("sandbox") == ""
    assert await page.title() == "Outbox · Punctual"
    await page.get_by_role("radio", name="Plain text").check()
    await expect(page.locator("#preview pre a")).to_have_attribute("href", f"{site.url}/#appointment/42")


async def test_a_new_mail_appears_by_itself(page: Page, site: Site) -> None:
    """The empty page fills without a reload."""
    await page.clock.install()
    await page.goto(site.login)
    await page.goto(f"{site.url}/outbox")
    await expect(page.locator("#mails")).to_contain_text("No mails yet")
    _mail(site, MAIL, subject="<b>New</b>")
    await page.clock.run_for(5_000)
    await expect(page.locator(".mail strong")).to_have_text("<b>New</b>")


async def test_whoever_may_not_see_the_outbox_is_led_to_the_login(page: Page, site: Site) -> None:
    """Without a token, and with a user's."""
    for address, why in (
        (f"{site.url}/outbox", "not logged in"),
        (f"{site.url}/outbox#token={site.token('user')}", "admins"),
    ):
        await page.goto("about:blank")
        await page.goto(address)
        await expect(page.get_by_role("alert")).to_contain_text(why)
        await expect(page.get_by_role("alert").get_by_role("link", name="Log in")).to_have_attribute("href", "/")


@pytest.mark.thorough
async def test_on_a_phone_the_list_is_the_page_and_a_mail_takes_its_place(page: Page, site: Site) -> None:
    """The list has no box of its own to scroll in; a mail is opened over it, and the way back is the browser's."""
    for number in range(12):
        _mail(site, f"{number:032x}", subject=f"Mail {number}")
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"{site.url}/outbox#token={site.token()}")
    rows = page.locator(".mail")
    await expect(rows).to_have_count(12)
    assert await page.locator("#mails").evaluate("list => list.scrollHeight === list.clientHeight")
    third = rows.nth(2)
    await third.click()
    await expect(page.locator("#preview")).to_be_visible()
    await expect(rows.first).to_be_hidden()
    await page.get_by_role("button", name="All mails").click()
    await expect(third).to_be_focused()
    await expect(page.locator("#preview")).to_be_hidden()
