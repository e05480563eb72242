"""`EMAIL_URL=sendgrid:`: by SendGrid's API, through its own library, at most once."""

import asyncio
import json
import logging
import re
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPException
from typing import Any

from sendgrid import SendGridAPIClient

from activities.channels.base import Result
from activities.channels.email_sendgrid_call import Answer, Call
from activities.channels.email_transports import DEADLINE
from activities.channels.refusals import Refusals
from activities.faults import REFUSALS, sendgrid_answer, sendgrid_fault

# It writes key and mail where debugging is on.
logging.getLogger("python_http_client").setLevel(logging.WARNING)

_SENDGRIDS_OWN = {
    "from", "to", "subject", "date", "mime-version", "content-type", "content-transfer-encoding",
}  # fmt: skip
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FIELD = re.compile(r"[a-z_0-9.\[\]]{1,80}")


def request_body(mail: EmailMessage, sender: str, recipient: str) -> dict[str, Any]:
    """The mail as `POST /v3/mail/send` takes it; its events will name tenant and delivery by `custom_args`.

    Raises ValueError for control characters in what becomes a header.
    """
    custom = {"punctual_tenant": mail["X-Punctual-Tenant"], "punctual_delivery": mail["X-Punctual-Delivery"]}
    parts = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    return {
        "personalizations": [
            {
                "to": [_person(recipient, mail["To"].addresses[0].display_name)],
                "custom_args": {name: _checked(value) for name, value in custom.items()},
            }
        ],
        "from": _person(sender, mail["From"].addresses[0].display_name),
        "subject": _checked(mail["Subject"]),
        "content": [{"type": f"text/{kind}", "value": part.get_content()} for kind, part in parts.items() if part],
        "headers": {name: _checked(value) for name, value in mail.items() if name.lower() not in _SENDGRIDS_OWN},
        # Our own links say who clicked and who wants no more; SendGrid's would replace them.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "subscription_tracking": {"enable": False},
        },
    }


class SendGrid:
    """Posts each mail over a connection of its own, in one of a few threads.

    SendGrid knows no idempotency key: what it may have is never posted again, its events will tell.
    """

    repeatable = False
    at_once = 20

    def __init__(self, key: str, host: str, *, deadline: float = DEADLINE, tls: ssl.SSLContext | None = None) -> None:
        """`host` is an origin; `deadline` in seconds; `tls`: whom to trust, by default whom the machine does."""
        self._api = SendGridAPIClient(key, host)
        # The library would add it at the first call, to what all threads read.
        self._api.client.request_headers["Content-Type"] = "application/json"
        self._deadline = deadline
        self._tls = tls or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(self.at_once, thread_name_prefix="sendgrid")
        self._refusals = Refusals()

    async def send(self, mail: EmailMessage, sender: str, recipient: str) -> Result:
        call = Call(self._tls, self._deadline)
        body = request_body(mail, sender, recipient)
        fault: Exception | None = None
        try:
            async with asyncio.timeout(self._deadline):
                await asyncio.get_running_loop().run_in_executor(self._threads, self._post, call, body)
        except (OSError, HTTPException) as error:
            fault = error
        finally:
            call.end()
        if call.answer is not None:
            return self._meaning(call.answer)
        return sendgrid_fault(fault or TimeoutError(), has_begun=call.has_begun)

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _post(self, call: Call, body: dict[str, Any]) -> None:
        endpoint = self._api.client.mail.send
        # The place that the library leaves for another way to the server.
        endpoint._make_request = call.open
        endpoint.post(request_body=body)

    def _meaning(self, answer: Answer) -> Result:
        if answer.status in REFUSALS:
            self._refusals.tell("SendGrid refuses us: SENDGRID_API_KEY or EMAIL_FROM", status=answer.status)
        return sendgrid_answer(answer.status, answer.headers, datetime.now(UTC), _field(answer.body))


def _person(address: str, name: str) -> dict[str, str]:
    return {"email": _checked(address), **({"name": _checked(name)} if name else {})}


def _checked(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("a control character in a header")
    return str(text)


def _field(body: bytes) -> str:
    """The field of our request that SendGrid minds: all of its complaint that can hold nobody's data."""
    try:
        field = json.loads(body)["errors"][0]["field"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return ""
    return field if isinstance(field, str) and _FIELD.fullmatch(field) else ""
