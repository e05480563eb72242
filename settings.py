"""The settings, all from the environment or `.env`; nothing else in the project reads either."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from punctual.push_endpoints import allowed_origins
from settings_values import (
    check_api_host,
    check_email_url,
    check_sender,
    check_vapid_pair,
    check_webhook_key,
    parse_payload_keys,
    parse_rates,
    parse_targets,
    parts,
)

SECRETS_FILE = "secrets.env"
PORTS_FILE = "ports.env"

CommaSeparated = Annotated[list[str], NoDecode]
SecretList = Annotated[list[SecretStr], NoDecode]


NO_SECRETS = (
    "SECRET_KEYS: is required (`punctual keys secret` prints a key; beside a running `up`, set DATA to its folder)"
)


class SettingsError(Exception):
    """A setting is missing or malformed; the message is one line that names it."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    data: Path = Path(".punctual")
    port: int = Field(8000, ge=1, le=65535)
    database_url: str = ""
    redis_url: SecretStr | None = None

    temporal_address: str = ""
    temporal_namespace: str = "default"
    temporal_api_key: SecretStr | None = None
    temporal_tls_client_cert_path: Path | None = None
    temporal_tls_client_key_path: Path | None = None
    temporal_tls_server_ca_cert_path: Path | None = None
    temporal_tls_server_name: str | None = None
    temporal_port: int = Field(7233, ge=1, le=65535)
    temporal_ui_port: int = Field(8233, ge=1, le=65535)
    temporal_payload_keys: SecretStr | None = None

    # No environment variable reaches these: `punctual up`, which serves loopback only, sets them by `for_up`.
    _demo: bool = PrivateAttr(False)

    secret_keys: SecretList = []
    jwt_jwks_url: str | None = None

    # Several while keys are changed: browsers subscribe with the first, and those that did with another still hear.
    vapid_private_key: SecretStr | None = None
    vapid_public_key: str | None = None
    vapid_claims_email: str | None = None
    push_allowed_hosts: CommaSeparated = []

    email_url: SecretStr | None = None
    email_from: str = "Punctual <punctual@localhost.localdomain>"
    sendgrid_api_key: SecretStr | None = None
    sendgrid_api_host: str = "https://api.sendgrid.com"
    sendgrid_webhook_public_key: str | None = None

    sms_url: SecretStr | None = None
    chat_targets: SecretStr | None = None
    channel_rates: CommaSeparated = []

    public_url: str = ""
    allowed_origins: CommaSeparated = []
    action_url_hosts: CommaSeparated = []
    delivery_mode: Literal["live", "sink"] = "live"
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator(
        "secret_keys", "push_allowed_hosts", "allowed_origins", "action_url_hosts", "channel_rates", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("log_format", "log_level", "delivery_mode", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("secret_keys")
    @classmethod
    def _long_enough(cls, keys: list[SecretStr]) -> list[SecretStr]:
        if any(len(key.get_secret_value()) < 32 for key in keys):
            raise ValueError("needs keys of at least 32 characters (`punctual keys secret` prints one)")
        return keys

    @field_validator("push_allowed_hosts")
    @classmethod
    def _usable_push_hosts(cls, hosts: list[str]) -> list[str]:
        allowed_origins(tuple(hosts))
        return hosts

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        if url and not url.startswith(("sqlite+aiosqlite:///", "postgresql+psycopg://")):
            raise ValueError("must be postgresql+psycopg://user:password@host/name or sqlite+aiosqlite:///path")
        return url

    @field_validator("email_url")
    @classmethod
    def _known_transport(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            check_email_url(url.get_secret_value())
        return url

    @field_validator("sendgrid_api_host")
    @classmethod
    def _an_origin(cls, host: str) -> str:
        check_api_host(host)
        return host

    @field_validator("sendgrid_webhook_public_key")
    @classmethod
    def _a_public_key(cls, key: str | None) -> str | None:
        if key is not None:
            check_webhook_key(key)
        return key

    @field_validator("sms_url")
    @classmethod
    def _names_the_phone(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and ("{phone}" not in url.get_secret_value() or "://" not in url.get_secret_value()):
            raise ValueError("must be an Apprise URL with {phone} where the number goes, such as twilio://…/{phone}")
        return url

    @field_validator("chat_targets")
    @classmethod
    def _named_targets(cls, targets: SecretStr | None) -> SecretStr | None:
        if targets is not None:
            parse_targets(targets.get_secret_value())
        return targets

    @field_validator("channel_rates")
    @classmethod
    def _rates(cls, rates: list[str]) -> list[str]:
        parse_rates(rates)
        return rates

    @field_validator("email_from")
    @classmethod
    def _one_sender(cls, sender: str) -> str:
        check_sender(sender)
        return sender

    @field_validator("temporal_payload_keys")
    @classmethod
    def _payload_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is not None:
            parse_payload_keys(keys.get_secret_value())
        return keys

    @field_validator("vapid_claims_email")
    @classmethod
    def _reachable_owner(cls, owner: str | None) -> str | None:
        if owner is not None and not re.match(
            r"^(mailto:[^@\s]+@[^@\s]+\.[^@\s]+|https://[^\s/]+\.[^\s/]+.*)$", owner
        ):
            raise ValueError("must be mailto:you@your-domain.example or an https:// URL; push services refuse others")
        return owner

    @model_validator(mode="after")
    def _vapid_is_whole(self) -> Self:
        given = (self.vapid_private_key, self.vapid_public_key, self.vapid_claims_email)
        if any(given) and not all(given):
            raise ValueError("VAPID_PRIVATE_KEY, VAPID_PUBLIC_KEY and VAPID_CLAIMS_EMAIL belong together")
        private = self.vapid_private_key.get_secret_value() if self.vapid_private_key else ""
        if len(parts(private)) != len(parts(self.vapid_public_key or "")):
            raise ValueError("VAPID_PUBLIC_KEY needs as many keys as VAPID_PRIVATE_KEY, in the same order")
        for pair in self.vapid_keys:
            check_vapid_pair(*pair)
        return self

    @model_validator(mode="after")
    def _sendgrid_is_whole(self) -> Self:
        wanted = self.email_url is not None and self.email_url.get_secret_value() == "sendgrid:"
        if wanted and self.sendgrid_api_key is None:
            raise ValueError("SENDGRID_API_KEY: is required with EMAIL_URL=sendgrid:")
        return self

    @property
    def vapid_keys(self) -> list[tuple[str, str]]:
        """Private and public keys, base64url; the first is the one that browsers subscribe with."""
        private = self.vapid_private_key.get_secret_value() if self.vapid_private_key else ""
        return list(zip(parts(private), parts(self.vapid_public_key or ""), strict=True))

    @property
    def targets(self) -> dict[str, str]:
        """Where chat messages go, by name: Apprise URLs."""
        return parse_targets(self.chat_targets.get_secret_value()) if self.chat_targets else {}

    @property
    def rates(self) -> dict[str, float]:
        """How many sends a second each channel is allowed, all workers together; without one, any number."""
        return parse_rates(self.channel_rates)

    @property
    def has_outbox(self) -> bool:
        """Whether mails are written into a folder."""
        return self.email_url is not None and self.email_url.get_secret_value() == "outbox:"

    def has(self, needed: str | None) -> bool:
        """Whether a setting is there (`punctual.channels` names what a channel needs)."""
        return needed is None or getattr(self, needed) is not None

    @property
    def demo(self) -> bool:
        """Whether demo links are shown."""
        return self._demo

    @property
    def codec_open(self) -> bool:
        """Whether the Temporal UI's codec answers without a login."""
        return self._demo

    def for_up(self) -> Self:
        """These settings with what only `punctual up` may have."""
        self._demo = True
        return self

    @property
    def temporal(self) -> str:
        """TEMPORAL_ADDRESS, or the port where `up` runs its own."""
        return self.temporal_address or f"127.0.0.1:{self.temporal_port}"

    @property
    def database(self) -> str:
        """DATABASE_URL, or the SQLite file in DATA."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data / 'punctual.db'}"

    @property
    def url(self) -> str:
        """PUBLIC_URL without a slash at its end, or this machine's."""
        return (self.public_url or f"http://127.0.0.1:{self.port}").rstrip("/")

    @property
    def origins(self) -> list[str]:
        """Who may call from a browser: ALLOWED_ORIGINS, or the public URL's own origin, by both names of loopback."""
        if self.allowed_origins:
            return [origin.rstrip("/") for origin in self.allowed_origins]
        parts = urlsplit(self.url)
        own = f"{parts.scheme}://{parts.netloc}"
        return [own] if self.public_url else [own, own.replace("127.0.0.1", "localhost")]

    @property
    def secrets(self) -> list[str]:
        return [key.get_secret_value() for key in self.secret_keys]

    @property
    def payload_keys(self) -> dict[str, bytes]:
        """Payload encryption keys by id, the first one encrypting; empty when it is off."""
        return parse_payload_keys(self.temporal_payload_keys.get_secret_value()) if self.temporal_payload_keys else {}


def load(*, beside_up: bool = True, **overrides: Any) -> Settings:
    """The settings of this process; raises SettingsError with one line that names the first bad one.

    What the environment and `.env` leave open is taken from the secrets that `up` made in DATA, and `beside_up` also
    from the ports of the `up` that runs there now.
    """
    try:
        folder = Settings(**overrides).data
        files = (*((folder / PORTS_FILE,) if beside_up else ()), folder / SECRETS_FILE, ".env")
        return Settings(_env_file=files, **overrides)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = str(first["loc"][0]).upper() + ": " if first["loc"] else ""
        detail = first["ctx"]["error"] if first["type"] == "value_error" else first["msg"]
        raise SettingsError(f"{name}{detail}") from None
