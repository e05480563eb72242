"""The checker of the campaign finds what it is there to find."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from store.ledger import Delivery
from tests.channels.conftest import NOW
from tests.channels.push_checker import Device, Evidence, Task, findings
from tests.channels.push_script import AMBIGUOUS, GONE, TAKEN, Entry

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TASK = Task("d1", "n1", "acme", "acme/asha", "acme/appointment/42/reminder", "high", NOW, NOW + HOUR)
TOPIC = urlsafe_b64encode(sha256(TASK.collapse.encode()).digest()[:24]).decode()


def entry(device: str = "s1", verdict: str = TAKEN, after: timedelta = timedelta(0), **headers: str) -> Entry:
    right = {
        "Topic": TOPIC, "Urgency": "high", "Content-Encoding": "aes128gcm",
        "TTL": str(int((HOUR - after).total_seconds())),
    }  # fmt: skip
    claims = {"exp": int((NOW + 12 * HOUR).timestamp()), "sub": "mailto:ops@example.com"}
    return Entry("alpha", device, "n1", NOW + after, {**right, **headers}, claims, TOPIC, verdict)


def evidence(*log: Entry, outcome: str = "sent", reason: str | None = None, **changes: Any) -> Evidence:
    """Asha has `s1`, which is well, and `s2`, which drips now and then."""
    devices = [Device("s1", "acme/asha", "alpha", True), Device("s2", "acme/asha", "gamma", False)]
    told = sorted({one.device for one in log if one.verdict == TAKEN})
    row = Delivery("d1", "asha", "web_push", "k", "n1", outcome, reason, NOW + HOUR, progress={"devices": told})
    values: dict[str, Any] = {"rows": [row], "subscribed": ["s1", "s2"], "scripted": {("s2", "n1")}}
    return Evidence(tasks=[TASK], devices=devices, log=log, **{**values, **changes})


DRIPPED = entry("s2", AMBIGUOUS)
AGAIN = entry("s2", TAKEN, MINUTE)


def test_what_is_in_order_is_not_found_fault_with() -> None:
    """A repeat after an answer that nobody heard is no second push: it replaces the first."""
    assert findings(evidence(entry(), DRIPPED, AGAIN)) == []


ROW = evidence(entry()).rows[0]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (evidence(AGAIN), "never came to s1"),
        (evidence(entry(after=MINUTE), AGAIN), "held up"),
        (evidence(entry(), entry(after=MINUTE)), "tried again after its end"),
        (evidence(entry(), DRIPPED, replace(AGAIN, tag="other")), "do not replace one another"),
        (evidence(entry(Topic="x\r\ny")), "Topic"),
        (evidence(entry(TTL="0")), "TTL"),
        (evidence(entry(Urgency="low")), "Urgency"),
        (evidence(entry(Cookie="a=b")), "names"),
        (evidence(replace(entry(), claims={"exp": NOW.timestamp() + 90_000, "sub": "mailto:a@b.example"})), "exp"),
        (evidence(entry(), entry("s9")), "for whom it was not"),
        (evidence(entry(), replace(AGAIN, notification_id="n9")), "for whom it was not"),
        (evidence(entry(), entry("s2", TAKEN, 2 * HOUR)), "out of its time"),
        (evidence(entry(), rows=[]), "plan and ledger only"),
        (evidence(entry(), rows=[ROW, ROW]), "twice"),
        (evidence(entry(), rows=[replace(ROW, outcome="planned")]), "ended as planned"),
        (evidence(entry(), rows=[replace(ROW, lease_until=NOW)]), "lease"),
        (evidence(entry(), rows=[replace(ROW, progress={})]), "other devices"),
        (evidence(entry(), outcome="expired", reason="expired"), "is expired, and came to 1"),
        (evidence(entry("s1", "500"), outcome="failed", reason="rejected"), "nobody rejected it"),
        (evidence(entry(), subscribed=["s1"]), "s2 was deleted"),
        (evidence(entry(), entry("s2", GONE)), "still subscribed"),
        (evidence(entry(), entry("s2", GONE), AGAIN, subscribed=["s1"]), "asked after it was gone"),
    ],
)  # fmt: skip
def test_each_claim_that_does_not_hold_is_found(found: Evidence, words: str) -> None:
    """One thing is changed at a time, and named."""
    assert any(words in finding for finding in findings(found))
