"""Small forms, as pages, mail providers and service workers post them."""

from email import message_from_bytes
from email.message import Message
from urllib.parse import parse_qsl

from fastapi import Request

from api.bodies import LONGEST_TYPE, content_type

_LONGEST = 4096


async def read(request: Request) -> dict[str, str]:
    """The fields of a form in either encoding; none where there is no form, or one longer than any of ours."""
    raw = await request.body()
    if len(raw) > _LONGEST:
        return {}
    if content_type(request) == "multipart/form-data":
        return _parts(request.headers["content-type"][:LONGEST_TYPE], raw)
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def _parts(type_: str, raw: bytes) -> dict[str, str]:
    message = message_from_bytes(b"Content-Type: " + type_.encode("latin-1") + b"\r\n\r\n" + raw)
    fields: dict[str, str] = {}
    for part in message.get_payload() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition") if isinstance(part, Message) else None
        value = part.get_payload(decode=True) if isinstance(part, Message) else None
        if isinstance(name, str) and isinstance(value, bytes):
            fields[name] = value.decode("utf-8", "replace")
    return fields
