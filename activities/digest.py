"""`digest`: for each of those whose digest is due one summary, written once, with what has waited for it."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic

import structlog
from temporalio import activity

from activities import clock, hints, holding, travel
from activities.channels.base import Channel, Message
from activities.holding import Fate, Held
from activities.summary import Summary, summarize
from activities.writing import Writer
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.digests import last_digest, next_digest
from punctual.errors import frames
from punctual.preferences import MUTED, PLANNED, Preferences, decide
from punctual.protocol import DIGEST, Digested, DigestRequest, Parcel, Pending, Ref
from punctual.timeline import Entry, Step
from store import digests, directory, inbox, ledger, preferences, waiting
from store.directory import User
from store.engine import AT_ONCE, Connection, Database, parts
from store.inbox import Notification
from store.keys import row_id
from store.ledger import Delivery

log = structlog.get_logger(__name__)

PAGE = 100
# One call begins nothing new after the first, and stops where it is after the second: both well within its time.
SECONDS = 2.0
LIMIT = 3.5
# Somebody for whom it keeps failing is left to the next run, and stops nobody else's.
ATTEMPTS = 3
BEGINNING = (datetime.fromtimestamp(0, UTC), "", "")
"""Before everybody: the next call begins as this one did."""


class Digest:
    """Writes digests, each in a transaction of its own, which also settles when the next one is due."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        notices: Mapping[str, Notice],
        action_hosts: Collection[str],
    ) -> None:
        self._database = database
        self._channels = channels
        self._notices = notices
        self._writer = Writer(notices, action_hosts)

    @activity.defn(name="digest")
    async def digest(self, request: DigestRequest) -> Digested:
        """Some of those whose digest is due; the same request again writes nothing twice, and names what is open."""
        now, start = clock.now(request.now), monotonic()
        after = None if request.after == BEGINNING else request.after
        if after is None and not await self._give_up(now, start + SECONDS):
            return Digested(more=BEGINNING)
        async with self._database.read() as db:
            people = await digests.due(db, request.due_by, after=after, limit=PAGE)
        said: list[Message] = []
        place = after
        is_last = len(people) < PAGE
        try:
            for place in people:
                said += await self._tried(place[1], place[2], request.due_by, now, start + LIMIT)
                if monotonic() > start + SECONDS and place != people[-1]:
                    is_last = False
                    break
        finally:
            await hints.announce(self._channels, said)
        async with self._database.read() as db:
            sends = await digests.open_sends(db, since=request.now if after else None)
        parcels = [Parcel(ref=ref, pending=Pending(key=key, channel=channel)) for ref, key, channel in sends]
        return Digested(parcels=parcels, more=None if is_last else place)

    async def _give_up(self, now: datetime, end: float) -> bool:
        """What could not be sent for longer than its channel has patience is not tried any more; whether that is all.

        Some at a time, each for good: an attempt that comes again goes on where this one has stopped.
        """
        for name in (name for name, spec in CHANNELS.items() if spec.digests):
            before, count = now - CHANNELS[name].patience, AT_ONCE
            while count == AT_ONCE:
                async with self._database.write() as db:
                    count = await digests.give_up(db, name, before, now, limit=AT_ONCE)
                if count == AT_ONCE and monotonic() > end:
                    return False
        return True

    async def _tried(self, tenant: str, user_id: str, due_by: datetime, now: datetime, end: float) -> list[Message]:
        """One user's digest; what fast channels have to say of it. Nothing of one that takes too long, or fails."""
        try:
            # Its own limit, for the activity's would be met as a cancellation, which stops everybody.
            async with asyncio.timeout(end - monotonic()):
                return await self._one(tenant, user_id, due_by, now)
        except Exception as error:
            if activity.info().attempt < ATTEMPTS:
                raise
            log.error("digest_fails", tenant=tenant, user=user_id, error=type(error).__name__, frames=frames(error))
            return []

    async def _one(self, tenant: str, user_id: str, due_by: datetime, now: datetime) -> list[Message]:
        """Unless another run has made it by now."""
        # Read first: whoever writes on SQLite keeps all others from it.
        async with self._database.read() as db:
            reader = (await directory.get(db, tenant, [user_id])).get(user_id)
            chosen = (await preferences.of(db, tenant, [user_id]))[user_id]
            summary = await summarize(db, tenant, reader, chosen, now) if reader and reader.active else None
        async with self._database.write() as db:
            user = (await directory.get(db, tenant, [user_id], keep=True)).get(user_id)
            stored = await preferences.load(db, tenant, user_id)
            if stored.digest_at is None or stored.digest_at > due_by:
                return []
            if user is None or not user.active:
                await self._leave(db, tenant, user_id, "unknown_user" if user is None else "inactive", now)
                return []
            moment = next_digest(stored.chosen.digest, user.timezone, now)
            await preferences.next_digest_at(db, tenant, user_id, moment)
            if summary is None or not summary.fits(user, stored.chosen):
                summary = await summarize(db, tenant, user, stored.chosen, now)
            return await self._written(db, tenant, user, stored.chosen, summary, now)

    async def _leave(self, db: Connection, tenant: str, user_id: str, reason: str, now: datetime) -> None:
        """Nobody is there to read it."""
        rows = await waiting.of_user(db, tenant, user_id, "digest")
        await holding.settle(db, tenant, [(row.id, ("withheld", reason)) for row in rows], now)
        await preferences.next_digest_at(db, tenant, user_id, None)

    async def _written(
        self, db: Connection, tenant: str, user: User, chosen: Preferences, summary: Summary, now: datetime
    ) -> list[Message]:
        """Of all that were missed the last is made, once, if there is anything to say."""
        last = last_digest(chosen.digest, user.timezone, now)
        if last is None:
            return []
        ref, key = Ref(tenant=tenant, kind=DIGEST, id=chosen.digest.frequency), last[0].isoformat()
        if await inbox.has_any(db, ref, [key], user.id):
            return []
        held = await self._relevant(db, tenant, user, chosen, now)
        if not (summary or held):
            return []
        notice = self._notices[f"{DIGEST}.{ref.id}"]
        told = Entry(Step(key=key, type=notice.type, stage="notice", due_at=last[1]))
        data = summary.data(user.id, [item.note.title for item in held])
        note = self._writer.write(ref, told, notice, data, user, now, late=False)
        return await self._posted(db, ref, user, chosen, notice, note, held, now)

    async def _relevant(
        self, db: Connection, tenant: str, user: User, chosen: Preferences, now: datetime
    ) -> list[Held]:
        """What has waited, but for what its user wants no more."""
        found: list[Held] = []
        fates: list[tuple[str, Fate]] = []
        for item in await holding.due(db, tenant, user.id, "digest", now=now):
            notice = self._notices.get(item.note.type)
            if notice is None:
                fates.append((item.row.id, ("failed", "rejected")))
                continue
            decision = decide(chosen, item.row.channel, travel.about_of(notice, item.note), user.timezone, now)
            if decision.outcome == "withheld":
                fates.append((item.row.id, ("withheld", decision.reason)))
            else:
                found.append(item)
        await holding.settle(db, tenant, fates, now)
        return found

    async def _posted(
        self,
        db: Connection,
        ref: Ref,
        user: User,
        chosen: Preferences,
        notice: Notice,
        note: Notification,
        held: Sequence[Held],
        now: datetime,
    ) -> list[Message]:
        """Puts a digest on its ways. Who chose to have it has it, whatever the hour, but by what they have muted."""
        category, type_ = notice.about.category, notice.type
        wanted = {
            name: MUTED if chosen.choice(name, category, type_) is False else PLANNED
            for name in notice.about.channels
        }
        note = travel.listed(note, wanted)
        rows = await travel.deliveries(db, ref, self._channels, notice, [user], [note], {user.id: wanted}, now)
        await ledger.add(db, ref, rows)
        for row in rows:
            await self._bring(
                db, ref.tenant, row, [item.row.id for item in held if item.row.channel == row.channel], now
            )
        await inbox.add(db, ref.tenant, [note])
        if not note.listed:
            return []
        versions = await inbox.bump(db, ref.tenant, [user.id])
        unread = await inbox.unread(db, ref.tenant, [user.id])
        return [
            Message(
                tenant=ref.tenant, delivery_id=row_id(ref, note.step_key, user.id, travel.LIVE), user=user,
                notification=note, collapse="", unread=unread[user.id], version=versions[user.id],
                is_muted=chosen.choice(travel.LIVE, category, type_) is False,
            )
        ]  # fmt: skip

    async def _bring(self, db: Connection, tenant: str, by: Delivery, ids: Sequence[str], now: datetime) -> None:
        """What has waited for a channel goes as the digest goes by it."""
        if by.outcome == "planned":
            for part in parts(ids):
                await waiting.carry(db, tenant, part, by.id)
        else:
            await holding.settle(db, tenant, [(id_, (by.outcome, by.reason)) for id_ in ids], now)
