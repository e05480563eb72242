"""A pager: writes what it is told into a file of DATA, for whoever has one."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from activities.channels.base import SENT, Channel, Message, Result
from punctual.preferences import About
from resources import Resources
from store.directory import User
from store.engine import Connection


class Pager(Channel):
    name = "pager"

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def build(cls, resources: Resources) -> "Pager":
        return cls(resources.settings.data / "pager.txt")

    async def unreachable(
        self, db: Connection, tenant: str, users: Sequence[User], about: About
    ) -> Mapping[str, str]:
        return {user.id: "no_address" for user in users if "pager" not in user.metadata}

    async def send(self, message: Message) -> Result:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{message.user.metadata['pager']}: {message.notification.title}\n")
        return SENT
