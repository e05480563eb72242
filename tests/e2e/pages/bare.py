"""Any page that somebody puts bells on: no framework, no style, no policy of ours."""

from playwright.async_api import Locator, Page, expect

from tests.e2e.pages.conftest import Site

BELL = "<notification-bell></notification-bell>"

_SHOW = """async ({body, token, api, lang, dir}) => {
  document.documentElement.innerHTML = "<head><title>Desk</title></head><body></body>";
  document.documentElement.lang = lang;
  document.documentElement.dir = dir;
  document.body.innerHTML = body;
  addEventListener("connection", ({detail}) => (document.body.dataset.state = detail.state));
  addEventListener("frame", ({detail}) => (document.body.dataset.version = detail.version));
  for (const bell of document.querySelectorAll("notification-bell")) if (token) bell.setAttribute("token", token);
  await import(`${api}/bell.js`);
}"""


async def put(
    page: Page, site: Site, body: str = BELL, *, token: str | None = None, api: str = "", lang: str = "en",
    dir: str = "ltr", state: str = "live",
) -> Locator:  # fmt: skip
    """Puts bells on a page of the site's origin, for one user, and waits for the state of their connection."""
    if not page.url.startswith(site.url):
        await page.goto(f"{site.url}/healthz")
    token = site.token("user") if token is None else token
    await page.evaluate(_SHOW, {"body": body, "token": token, "api": api, "lang": lang, "dir": dir})
    if state:
        await expect(page.locator("body")).to_have_attribute("data-state", state)
    return page.locator("notification-bell")
