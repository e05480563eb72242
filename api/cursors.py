"""Where a list goes on: opaque to the client, and good only for the same caller's same list."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from api.identity import Caller
from api.problems import Problem
from store.vault import Vault

_PURPOSE = "cursor"


class Pages:
    """The cursors of one list: of one caller, with one set of filters."""

    def __init__(self, vault: Vault, who: Caller, name: str, *filters: Any) -> None:
        self._vault = vault
        self._scope = json.dumps([name, who.tenant, who.user_id, who.role, *filters]).encode()

    def cursor(self, *position: str) -> str:
        """The cursor that continues after `position`."""
        encoded = urlsafe_b64encode(json.dumps(position).encode()).rstrip(b"=")
        return f"{encoded.decode()}.{self._vault.mac(_PURPOSE, encoded + b'.' + self._scope)}"

    def position(self, cursor: str | None) -> list[str] | None:
        """What `cursor` was made of; raises Problem 422 for any that this list did not give out."""
        if cursor is None:
            return None
        encoded, _, mark = cursor.partition(".")
        if not self._vault.verifies(_PURPOSE, encoded.encode() + b"." + self._scope, mark):
            detail = "is not a cursor of this list with these filters"
            errors = [{"in": "query", "field": "cursor", "detail": detail}]
            raise Problem(422, "The cursor cannot be used.", errors=errors)
        found: list[str] = json.loads(urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        return found
