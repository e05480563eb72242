"""`deliver`: what one step still has to send by one slow channel, to all its recipients."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

import structlog
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities import clock, quiet, recheck
from activities.channels.base import Channel, Message, Result
from activities.rendering import language_of
from activities.travel import about_of
from catalogue import Notice
from punctual.people import DEFAULT_LANGUAGE
from punctual.preferences import About
from punctual.protocol import CARRIERS, DeliverRequest, Ref, Told
from store import directory, inbox, ledger, waiting
from store.engine import Connection, Database
from store.ledger import Delivery
from store.suppressions import Suppressions

log = structlog.get_logger(__name__)

# Longer than any channel's own deadline for one call, so that a living sender never loses its lease.
LEASE = timedelta(seconds=15)
AT_ONCE = 20
BEAT_SECONDS = 5
# A send that is under way when the attempt's time is up would end as one that nobody knows about: with its lease,
# the last one begun ends well within the two minutes that an attempt may take.
SECONDS_FOR_NEW_SENDS = 90
# What the client takes for "at once": it reads zero as "as the retry policy says".
AT_ONCE_AGAIN = timedelta(milliseconds=1)
SETTLE_PAUSES = (0.2, 0.5, 1.0, 2.0)
_NOT_BEFORE = "not_before"


class Deliver:
    """Claims each row, calls the provider, and writes down the answer; one failing recipient stops no other."""

    def __init__(
        self, database: Database, channels: Mapping[str, Channel], notices: Mapping[str, Notice],
        suppressions: Suppressions,
    ) -> None:  # fmt: skip
        self._database = database
        self._channels = channels
        self._notices = notices
        self._suppressions = suppressions

    @activity.defn(name="deliver")
    async def deliver(self, request: DeliverRequest) -> Told:
        """Counts by outcome. Raises ApplicationError `Retry` while something is still to be tried again."""
        now = clock.now()
        if request.give_up:
            async with self._database.write() as db:
                count = await ledger.give_up(
                    db, request.ref, request.key, request.channel, now, expired=request.expired
                )
                if request.ref.kind in CARRIERS:
                    await waiting.share_all(db, request.ref, request.key, request.channel)
            return Told(outcomes={"expired" if request.expired else "failed": count})
        async with self._database.read() as db:
            rows = await ledger.open_rows(db, request.ref, request.key, request.channel)
        gate = asyncio.Semaphore(AT_ONCE)
        end = monotonic() + SECONDS_FOR_NEW_SENDS
        quiet_until: dict[str, datetime] = {}
        async with _beating():
            sends = (self._one(request, row, gate, now, end, quiet_until) for row in rows)
            ended = await asyncio.gather(*sends, return_exceptions=True)
            await quiet.end_at(request.ref.tenant, quiet_until)
        # A bug in a channel fails the attempt, but only after every other send has had its answer written down.
        results = [_raised(result) for result in ended]
        waits = [result.after for result in results if result.outcome == "retry"]
        if waits:
            asked = [wait for wait in waits if wait is not None]
            raise ApplicationError(
                f"{len(waits)} of {len(rows)} to be tried again",
                type="Retry",
                # One recipient's long pause holds up nobody else: each row knows its own.
                next_retry_delay=min(asked) if len(asked) == len(waits) or AT_ONCE_AGAIN in asked else None,
                # Expected, and told in the ledger: no alarm rings.
                category=ApplicationErrorCategory.BENIGN,
            )
        outcomes = [result.outcome for result in results]
        return Told(outcomes={outcome: outcomes.count(outcome) for outcome in sorted(set(outcomes))})

    async def _one(
        self, request: DeliverRequest, row: Delivery, gate: asyncio.Semaphore, now: datetime, end: float,
        quiet_until: dict[str, datetime],
    ) -> Result:  # fmt: skip
        async with gate, self._channels[request.channel].turn:
            if monotonic() > end:
                return Result("retry", after=AT_ONCE_AGAIN)
            pause = _pause(row, now)
            if pause:
                return Result("retry", after=pause)
            message, wait = await self._claim(request, row, now, quiet_until)
            if message is None:
                # Somebody else is asking right now, or has had the answer; look again when their lease is over.
                return Result("retry", after=wait) if wait else Result("sent")
            result = await self._channels[request.channel].send(message)
            outcome: str = result.outcome
            progress = result.progress
            if result.outcome == "retry":
                outcome = "planned"
                if result.after:
                    progress = {**progress, _NOT_BEFORE: (now + result.after).isoformat()}
            await self._settle(request.ref, row.id, outcome, result, now, progress)
            if result.outcome != "sent":
                log.info(
                    "delivery", channel=request.channel, delivery=row.id, outcome=result.outcome,
                    reason=result.reason, detail=result.detail,
                )  # fmt: skip
            return result

    async def _settle(
        self, ref: Ref, id_: str, outcome: str, result: Result, now: datetime, progress: dict[str, Any]
    ) -> None:
        """Writes down an answer, and tries again a while: lost, the row could only say that nobody knows."""
        for pause in (*SETTLE_PAUSES, None):
            try:
                async with self._database.write() as db:
                    if result.bounced:
                        await self._suppressions.bounced(db, ref.tenant, result.bounced, now, result.detail)
                    return await _settled(db, ref, id_, outcome, result.reason, now, progress, result.detail)
            except Exception as error:
                if pause is None:
                    raise
                log.warning("answer_not_written_yet", delivery=id_, error=type(error).__name__)
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _claim(
        self, request: DeliverRequest, row: Delivery, now: datetime, quiet_until: dict[str, datetime]
    ) -> tuple[Message | None, timedelta | None]:
        """The message, now leased to us; or how long another still holds it (None: it is settled)."""
        tenant = request.ref.tenant
        async with self._database.write() as db:
            claimed, wait = await ledger.claim(db, tenant, row.id, LEASE)
            if claimed is None:
                return None, wait
            note = await inbox.note(db, tenant, row.notification_id or "")
            user = (await directory.get(db, tenant, [row.user_id])).get(row.user_id)
            if note is None or user is None or not user.active:
                reason = "inactive" if user is not None and not user.active else "unknown_user"
                await _settled(db, request.ref, row.id, "withheld", reason, now, {})
                return None, None
            notice = self._notices.get(note.type)
            about = about_of(notice, note) if notice else About(note.type, note.category, note.priority)
            channel = self._channels[request.channel]
            # What the provider may have got already is for its channel to judge.
            if claimed.lease_until is None:
                blocked = await channel.unreachable(db, tenant, [user], about)
                if blocked:
                    fate = claimed.instead_of("withheld", blocked[user.id])
                    await _settled(db, request.ref, row.id, *fate, now, claimed.progress or {})
                    return None, None
                until = await recheck.changed(db, request.ref, claimed, note, user, self._notices, now)
                if until is not None:
                    quiet_until |= until
                    return None, None
            unread = (await inbox.unread(db, tenant, [user.id]))[user.id] if channel.shows_badge else 0
        collapse = (notice.about.collapse if notice else "") or f"{note.kind}/{note.entity_id}/{note.type}"
        return (
            Message(
                tenant=tenant, delivery_id=row.id, user=user, notification=note,
                collapse=f"{tenant}/{collapse}", unread=unread, expires_at=request.until,
                language=language_of(notice, user.locale) if notice else DEFAULT_LANGUAGE,
                is_mandatory=about.mandatory,
                progress=claimed.progress or {}, asked_before=claimed.lease_until is not None,
            ),
            None,
        )  # fmt: skip


async def _settled(
    db: Connection, ref: Ref, id_: str, outcome: str, reason: str | None, now: datetime, progress: dict[str, Any],
    detail: str = "",
) -> None:  # fmt: skip
    """Writes down what came of a row, and of all that it brought along."""
    await ledger.settle(db, ref.tenant, id_, outcome, reason, now, progress, detail)
    if ref.kind in CARRIERS and outcome != "planned":
        await waiting.share(db, ref.tenant, id_, outcome, reason, now)


@asynccontextmanager
async def _beating() -> AsyncIterator[None]:
    """Says that we live for as long as the block takes."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            activity.heartbeat()

    beats = asyncio.create_task(beat())
    try:
        yield
    finally:
        beats.cancel()
        with suppress(asyncio.CancelledError):
            await beats


def _raised(result: Result | BaseException) -> Result:
    if isinstance(result, BaseException):
        raise result
    return result


def _pause(row: Delivery, now: datetime) -> timedelta | None:
    """How long the provider still wants to be left alone about this row."""
    named = (row.progress or {}).get(_NOT_BEFORE)
    # A retry that the server starts a moment early is not sent back for milliseconds.
    left = datetime.fromisoformat(named) - now - timedelta(seconds=1) if named else timedelta(0)
    return left if left > timedelta(0) else None
