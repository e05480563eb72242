"""`/a/{token}`: what can be done about one notification by whoever holds its link, from a mail or a push.

GET only shows what POST would do, for programs that check mails follow every link in them.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import acknowledge_links, link_pages, snooze_links
from api.deps import Ours, Temporal, now
from api.link_pages import BadLink
from store.links import AcknowledgeLink, SnoozeLink
from store.vault import Vault

router = APIRouter(include_in_schema=False)


@router.api_route("/a/{token}", methods=["GET", "HEAD"])
async def ask(token: str, request: Request, ours: Ours) -> Response:
    """What would be done, with a button."""
    try:
        link = _read(ours.vault, token)
        if isinstance(link, SnoozeLink):
            return await snooze_links.ask(ours, link)
        return await acknowledge_links.ask(ours, link)
    except BadLink as error:
        return link_pages.refusal(request, error)


@router.post("/a/{token}")
async def act(token: str, request: Request, ours: Ours, temporal: Temporal) -> Response:
    """Does it, and says what came of it."""
    try:
        link = _read(ours.vault, token)
        if isinstance(link, SnoozeLink):
            return await snooze_links.snooze(ours, temporal, link)
        return await acknowledge_links.acknowledge(ours, temporal, link)
    except BadLink as error:
        return link_pages.refusal(request, error)


def _read(vault: Vault, token: str) -> AcknowledgeLink | SnoozeLink:
    for kind in (AcknowledgeLink, SnoozeLink):
        try:
            link = kind.read(vault, token)
        except ValueError:
            continue
        if link.expires_at <= now():
            raise BadLink("expired")
        return link
    raise BadLink("unknown")
