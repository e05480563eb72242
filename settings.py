"""The settings, all from the environment or `.env`; nothing else in the project reads either."""

import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from punctual.push_endpoints import allowed_origins

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

    vapid_private_key: SecretStr | None = None
    vapid_public_key: str | None = None
    vapid_claims_email: str | None = None
    push_allowed_hosts: CommaSeparated = []

    email_url: SecretStr | None = None
    email_from: str = "Punctual <punctual@localhost.localdomain>"

    public_url: str = ""
    allowed_origins: CommaSeparated = []
    action_url_hosts: CommaSeparated = []
    delivery_mode: Literal["live", "sink"] = "live"
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("secret_keys", "push_allowed_hosts", "allowed_origins", "action_url_hosts", mode="before")
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
        if url is not None and not re.match(r"^(outbox:|smtp://[^/]+)", url.get_secret_value()):
            raise ValueError("must be outbox: or smtp://user:password@host:587")
        return url

    @field_validator("email_from")
    @classmethod
    def _one_sender(cls, sender: str) -> str:
        address = re.sub(r"^[^<>\r\n]*<([^<>]+)>$", r"\1", sender)
        try:
            validate_email(address, check_deliverability=False, test_environment=True)
        except EmailNotValidError as error:
            raise ValueError(f"must be one address: {error}") from None
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
        return self

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


def parse_payload_keys(text: str) -> dict[str, bytes]:
    """`id:base64url of 32 bytes`, comma-separated, or `off`."""
    if text.strip().lower() == "off":
        return {}
    keys: dict[str, bytes] = {}
    for part in text.split(","):
        id_, colon, encoded = part.strip().partition(":")
        try:
            key = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except ValueError:
            key = b""
        if not colon or not id_ or len(key) != 32:
            raise ValueError("must be `off` or id:KEY pairs, each KEY base64url of 32 bytes")
        keys[id_] = key
    return keys


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
