"""`/c/{token}`: how we hear that a mail or a push was clicked or put away, without a login."""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.background import BackgroundTask
from starlette.responses import RedirectResponse, Response

from api import forms, link_pages, problems
from api.deps import Ours, now
from api.link_pages import DISCREET, BadLink
from api.problems import Problem, not_found
from punctual.errors import UnsafeUrl
from punctual.urls import action_url
from resources import Resources
from store import receipts
from store.links import ClickLink, ReceiptLink

router = APIRouter(include_in_schema=False)

# What was put away was on the device; whether anybody read it, nobody knows.
_MEANS: dict[str, Literal["clicked", "delivered"]] = {"clicked": "clicked", "dismissed": "delivered"}


@router.api_route("/c/{token}", methods=["GET", "HEAD"])
async def follow(token: str, request: Request, ours: Ours) -> Response:
    """Goes on to the page that the mail was made for, and nowhere else."""
    try:
        link = ClickLink.read(ours.vault, token)
        url = _absolute(link.url, ours.settings.url)
    except (ValueError, UnsafeUrl):
        return link_pages.refusal(request, BadLink("unknown"))
    # After the answer: whatever is wrong with the database, the reader gets to the page.
    is_read = request.method == "GET" and "prefetch" not in request.headers.get("sec-purpose", "")
    task = BackgroundTask(_record, ours, link) if is_read else None
    return RedirectResponse(url, 302, headers=DISCREET, background=task)


@router.post("/c/{token}", status_code=204)
async def report(token: str, request: Request, ours: Ours) -> Response:
    """What a device says became of a push: `event=clicked` or `event=dismissed`."""
    try:
        link = ReceiptLink.read(ours.vault, token)
    except ValueError:
        raise not_found() from None
    what = _MEANS.get((await forms.read(request)).get("event", ""))
    if what is None:
        raise Problem(422, "The form must hold event=clicked or event=dismissed.")
    async with ours.database.write() as db:
        await receipts.heard(db, link.tenant, link.delivery_id, what, now())
    return Response(status_code=204)


def _absolute(url: str, home: str) -> str:
    """`url` if it is on our own pages, or https; else UnsafeUrl."""
    if url == home or url.startswith(f"{home}/"):
        action_url(url.removeprefix(home) or "/")
        return url
    if url.startswith("/"):
        raise UnsafeUrl("must be absolute")
    return action_url(url)


async def _record(ours: Resources, link: ClickLink) -> None:
    try:
        async with ours.database.write() as db:
            await receipts.heard(db, link.tenant, link.delivery_id, "clicked", now())
    except Exception as error:
        problems.report(error, "/c/{token}")
