"""The activities of one tenant, run without a workflow."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment

from punctual.protocol import Ref

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
START = NOW + 2 * HOUR
REMINDER = "reminder-PT1H-20261120T110000Z"
REF = Ref(tenant="acme", kind="appointment", id="42")


async def at[T](moment: datetime, activity: Callable[..., Awaitable[T]], request: Any) -> T:
    """What the activity answers when an attempt of it starts at `moment`."""
    environment = ActivityEnvironment()
    environment.info = dataclasses.replace(environment.info, started_time=moment)
    return await environment.run(activity, request)
