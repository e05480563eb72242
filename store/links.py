"""Links that act for one person without a login: sealed with our keys, so that nobody can read or make them."""

import json
from base64 import b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from store.vault import Vault

LIFETIME = timedelta(days=30)
_PURPOSE = "acknowledge link"
_LONGEST = 1000


@dataclass(frozen=True)
class AcknowledgeLink:
    """Lets whoever has it acknowledge what one notification tells one person, until it expires."""

    tenant: str
    notification_id: str
    user_id: str
    expires_at: datetime

    def token(self, vault: Vault) -> str:
        """The link's secret part, safe in URLs."""
        plain = [self.tenant, self.notification_id, self.user_id, int(self.expires_at.timestamp())]
        return urlsafe_b64encode(vault.seal(_PURPOSE, json.dumps(plain).encode())).rstrip(b"=").decode()

    @classmethod
    def read(cls, vault: Vault, token: str) -> "AcknowledgeLink":
        """The link of a token, expired or not; raises ValueError for a token that is none of ours."""
        if len(token) > _LONGEST:
            raise ValueError("longer than any token of ours")
        sealed = b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        tenant, notification_id, user_id, expires = json.loads(vault.open(_PURPOSE, sealed))
        return cls(tenant, notification_id, user_id, datetime.fromtimestamp(expires, UTC))
