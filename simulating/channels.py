"""Channels that reach nobody: they know who could be reached, and say that it was done."""

from collections.abc import Callable, Mapping, Sequence

from activities.channels.base import SENT, Channel, Message, Result
from punctual.channels import CHANNELS
from punctual.preferences import About
from store.directory import User
from store.engine import Connection

Obstacle = Callable[[User], str | None]
"""Why a channel does not reach somebody; None if it does."""


class Pretended(Channel):
    """Sends nothing."""

    def __init__(self, name: str, obstacle: Obstacle) -> None:
        self.name = name  # type: ignore[misc]  # a class variable to all other channels
        self._obstacle = obstacle

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        found = {user.id: self._obstacle(user) for user in users}
        return {id_: reason for id_, reason in found.items() if reason is not None}

    async def send(self, message: Message) -> Result:
        return SENT


def pretended(has_device: Callable[[str], bool]) -> dict[str, Channel]:
    """All channels; `has_device` says of a user id whether Web Push reaches them."""
    obstacles: dict[str, Obstacle] = {
        "web_push": lambda user: None if has_device(user.id) else "no_subscription",
        "email": lambda user: None if user.email else "no_address",
    }
    return {name: Pretended(name, obstacles.get(name, lambda _: None)) for name in CHANNELS}
