"""Tells the operator that a provider refuses us."""

from time import monotonic
from typing import Any

import structlog

from activities.faults import REFUSED_WAIT

log = structlog.get_logger(__name__)


class Refusals:
    """One provider's: told once per pause, however many messages meet them."""

    def __init__(self) -> None:
        self._told_until = float("-inf")

    def tell(self, event: str, **facts: Any) -> None:
        """Warns of `event`; `facts` hold no secrets."""
        if monotonic() >= self._told_until:
            self._told_until = monotonic() + REFUSED_WAIT.total_seconds()
            log.warning(event, **facts)
