"""What a process of ours holds open: made once from the settings, shared by its parts, closed in the end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from temporalio.client import Client, TLSConfig

import catalogue
from catalogue import Notice
from punctual.codec import data_converter
from settings import NO_SECRETS, Settings, SettingsError
from store.bus import Bus, LocalBus, RedisBus
from store.engine import Database
from store.subscriptions import Subscriptions
from store.suppressions import Suppressions
from store.vault import Vault


@dataclass(frozen=True)
class Resources:
    settings: Settings
    database: Database
    vault: Vault
    bus: Bus
    subscriptions: Subscriptions
    notices: Mapping[str, Notice]
    temporal: Client

    @property
    def suppressions(self) -> Suppressions:
        return Suppressions(self.vault)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Resources]:
    """The resources of one process. Temporal is connected on first use, so the API can start before it."""
    if not settings.secrets:
        raise SettingsError(NO_SECRETS)
    database = Database(settings.database)
    vault = Vault(settings.secrets)
    bus: Bus = RedisBus(settings.redis_url.get_secret_value()) if settings.redis_url else LocalBus()
    await bus.start()
    try:
        temporal = await connect(settings)
        yield Resources(settings, database, vault, bus, Subscriptions(vault), catalogue.load(), temporal)
    finally:
        await bus.close()
        await database.close()


async def connect(settings: Settings, *, lazy: bool = True) -> Client:
    """A Temporal client by the settings."""
    return await Client.connect(
        settings.temporal,
        namespace=settings.temporal_namespace,
        api_key=settings.temporal_api_key.get_secret_value() if settings.temporal_api_key else None,
        tls=_tls(settings),
        data_converter=data_converter(settings.payload_keys),
        lazy=lazy,
    )


def _tls(settings: Settings) -> TLSConfig | None:
    ca, cert, key = (
        path.read_bytes() if path else None
        for path in (
            settings.temporal_tls_server_ca_cert_path,
            settings.temporal_tls_client_cert_path,
            settings.temporal_tls_client_key_path,
        )
    )
    if not (ca or cert or key or settings.temporal_tls_server_name):
        return None
    return TLSConfig(
        server_root_ca_cert=ca, client_cert=cert, client_private_key=key, domain=settings.temporal_tls_server_name
    )
