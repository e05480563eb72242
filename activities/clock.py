"""The instant an activity works at."""

from datetime import datetime

from temporalio import activity


def now(asked_at: datetime | None = None) -> datetime:
    """When this attempt started, by the server's clock, which virtual time moves too.

    A local activity's start is stamped by the worker's own clock, so the workflow's `asked_at` is the floor.
    """
    started = activity.info().started_time
    return started if asked_at is None else max(started, asked_at)
