"""Tell Punctual from Python: `python examples/tell.py` beside a running `make up`."""

import asyncio
from datetime import UTC, datetime, timedelta

import settings
from punctual.client import Punctual


async def main() -> None:
    """An appointment in two minutes, and a free message; the ids of their workflows are printed."""
    ours = settings.load()
    punctual = await Punctual.connect(ours.temporal, payload_keys=ours.payload_keys)
    now = datetime.now(UTC)
    event = {
        "id": f"example-{now:%H%M%S}",
        "type": "appointment.scheduled",
        "time": now.isoformat(),
        "data": {
            "id": f"example-{now:%H%M%S}",
            "title": "Quarterly review",
            "customer_name": "Meera Iyer",
            "starts_at": (now + timedelta(minutes=2)).isoformat(),
            "assignee_ids": ["asha"],
        },
    }
    print(await punctual.tell("demo", event))
    message = {
        "id": f"example-message-{now:%H%M%S}",
        "type": "custom",
        "data": {
            "title": "Hello from Python",
            "message": "An appointment in two minutes is on its way.",
            "recipients": {"user_ids": ["asha"]},
        },
    }
    print(await punctual.tell("demo", message))


if __name__ == "__main__":
    asyncio.run(main())
