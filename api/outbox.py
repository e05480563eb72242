"""The mails of `EMAIL_URL=outbox:`, read back from their folder: `/v1/outbox`."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from fastapi import APIRouter

from api.bodies import StrictRoute
from api.deps import Admin, IdPath, Ours, iso
from api.problems import not_found
from settings import Settings

router = APIRouter(prefix="/v1/outbox", route_class=StrictRoute, tags=["outbox"])

NEWEST = 100
_ID = re.compile(r"[0-9a-f]{32}")


@router.get("")
async def list_mails(who: Admin, ours: Ours) -> dict[str, Any]:
    """The tenant's 100 newest mails, newest first."""
    return {"items": await asyncio.to_thread(_newest, _folder(ours.settings), who.tenant)}


@router.get("/{id}")
async def get_mail(id: IdPath, who: Admin, ours: Ours) -> dict[str, Any]:
    """One mail with its HTML, which was written for mail readers and is never to be trusted."""
    mail = await asyncio.to_thread(_load, _folder(ours.settings) / f"{id}.eml") if _ID.fullmatch(id) else None
    if mail is None or mail["X-Punctual-Tenant"] != who.tenant:
        raise not_found()
    return {**_shown(id, mail), "html": _body(mail, "html")}


def _folder(settings: Settings) -> FilePath:
    return settings.data / "outbox"


def _newest(folder: FilePath, tenant: str) -> list[dict[str, Any]]:
    return list(islice(_mails(folder, tenant), NEWEST))


def _mails(folder: FilePath, tenant: str) -> Iterator[dict[str, Any]]:
    dated = [(path.stat().st_mtime_ns, path) for path in folder.glob("*.eml") if _ID.fullmatch(path.stem)]
    for _, path in sorted(dated, reverse=True):
        mail = _load(path)
        if mail is not None and mail["X-Punctual-Tenant"] == tenant:
            yield _shown(path.stem, mail)


def _load(path: FilePath) -> EmailMessage | None:
    try:
        mail = message_from_bytes(path.read_bytes(), EmailMessage, policy=default)
    except FileNotFoundError:
        return None
    return mail


def _shown(id_: str, mail: EmailMessage) -> dict[str, Any]:
    return {
        "id": id_,
        "to": str(mail["To"] or ""),
        "subject": str(mail["Subject"] or ""),
        "date": _date(mail),
        "text": _body(mail, "plain"),
    }


def _date(mail: EmailMessage) -> str | None:
    moment: datetime | None = getattr(mail["Date"], "datetime", None)
    return iso(moment.replace(tzinfo=moment.tzinfo or UTC)) if moment else None


def _body(mail: EmailMessage, kind: str) -> str | None:
    part = mail.get_body((kind,))
    return str(part.get_content()) if part is not None else None
