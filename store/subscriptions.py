"""Browsers that take Web Push. The endpoint is a secret: sealed at rest, found by its MAC, never returned."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from sqlalchemy import delete, select, update

from store.engine import Connection, insert
from store.tables import push_subscriptions
from store.vault import Vault

log = structlog.get_logger(__name__)

_PURPOSE = "push-endpoint"
_s = push_subscriptions.c


@dataclass(frozen=True)
class Subscription:
    """One browser of one user. `p256dh` and `auth` are base64url as the browser gave them."""

    id: str
    user_id: str
    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    device: str
    created_at: datetime
    used_at: datetime | None = None
    vapid_key: str | None = None
    """The public key of ours that it was made for, base64url; None: the oldest, for nobody wrote it down."""


class Subscriptions:
    """The subscriptions of all tenants, read and written through the vault."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def save(
        self, db: Connection, tenant: str, subscription: Subscription, offered_key: str | None = None
    ) -> str:
        """Writes it and returns its id; the same endpoint again keeps its row and moves to the new owner.

        Where it names no `vapid_key`, a row that is there keeps its own, and a new one was made for `offered_key`.
        """
        mac = self._vault.mac(_PURPOSE, subscription.endpoint.encode())
        plain = json.dumps([subscription.endpoint, subscription.p256dh, subscription.auth]).encode()
        values = {
            "user_id": subscription.user_id,
            "sealed": self._vault.seal(_PURPOSE, plain),
            "device": subscription.device,
            "created_at": subscription.created_at,
        }
        if subscription.vapid_key is not None:
            values["vapid_key"] = subscription.vapid_key
        added = {
            "vapid_key": offered_key,
            **await self._taken_over(db, tenant, subscription.endpoint, mac),
            **values,
        }
        statement = insert(db, push_subscriptions).values(
            tenant=tenant, id=subscription.id, endpoint_mac=mac, **added
        )
        statement = statement.on_conflict_do_update(index_elements=["tenant", "endpoint_mac"], set_=values)
        return str(await db.scalar(statement.returning(_s.id)))

    async def _taken_over(self, db: Connection, tenant: str, endpoint: str, mac: str) -> dict[str, str | None]:
        """Removes the endpoint's row under an older key of the vault; what of it stays true."""
        old = [known for known in self._vault.macs(_PURPOSE, endpoint.encode()) if known != mac]
        if not old:
            return {}
        statement = delete(push_subscriptions).where(_s.tenant == tenant, _s.endpoint_mac.in_(old))
        removed = (await db.execute(statement.returning(_s.vapid_key))).scalars().all()
        return {"vapid_key": removed[0]} if removed else {}

    async def of(self, db: Connection, tenant: str, user_id: str) -> list[Subscription]:
        """The user's browsers, oldest first."""
        query = select(push_subscriptions).where(_s.tenant == tenant, _s.user_id == user_id)
        found = []
        for row in await db.execute(query.order_by(_s.created_at, _s.id)):
            try:
                endpoint, p256dh, auth = json.loads(self._vault.open(_PURPOSE, row.sealed))
            except ValueError as error:
                log.warning("push_subscription_unreadable", subscription=row.id, error=str(error))
                continue
            kept = row.device, row.created_at, row.used_at, row.vapid_key
            found.append(Subscription(row.id, row.user_id, endpoint, p256dh, auth, *kept))
        return found

    async def owners(self, db: Connection, tenant: str, user_ids: Collection[str]) -> dict[str, set[str | None]]:
        """Those of `user_ids` that have at least one browser, and which keys of ours their browsers were made for."""
        query = select(_s.user_id, _s.vapid_key).where(_s.tenant == tenant, _s.user_id.in_(user_ids)).distinct()
        found: dict[str, set[str | None]] = {}
        for user_id, vapid_key in await db.execute(query):
            found.setdefault(user_id, set()).add(vapid_key)
        return found

    async def delete(self, db: Connection, tenant: str, user_id: str, id_: str) -> bool:
        statement = delete(push_subscriptions).where(_s.tenant == tenant, _s.user_id == user_id, _s.id == id_)
        return bool((await db.execute(statement)).rowcount)

    async def delete_endpoint(self, db: Connection, tenant: str, user_id: str, endpoint: str) -> bool:
        macs = self._vault.macs(_PURPOSE, endpoint.encode())
        statement = delete(push_subscriptions).where(
            _s.tenant == tenant, _s.user_id == user_id, _s.endpoint_mac.in_(macs)
        )
        return bool((await db.execute(statement)).rowcount)

    async def delete_gone(self, db: Connection, tenant: str, gone: Subscription) -> None:
        """Forgets a browser that its push service no longer knows, unless it has subscribed anew meanwhile."""
        statement = delete(push_subscriptions).where(
            _s.tenant == tenant, _s.id == gone.id, _s.created_at == gone.created_at
        )
        await db.execute(statement)

    async def used(self, db: Connection, tenant: str, ids: Collection[str], at: datetime) -> None:
        statement = update(push_subscriptions).where(_s.tenant == tenant, _s.id.in_(ids))
        await db.execute(statement.values(used_at=at))
