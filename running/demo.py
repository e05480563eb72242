"""The demo tenant: a handful of people to try things with."""

from store import directory
from store.directory import User
from store.engine import Database

TENANT = "demo"
USER = "asha"


def _person(id_: str, name: str, roles: list[str], manager: str | None, locale: str = "en") -> User:
    return User(
        id=id_, name=name, email=f"{id_}@demo.example", phone=None, timezone="UTC", locale=locale,
        roles=roles, teams=["sales"], manager_id=manager, active=True, metadata={},
    )  # fmt: skip


PEOPLE = [
    _person("asha", "Asha Rao", ["sales"], "ravi"),
    _person("ben", "Ben Keller", ["sales"], "ravi", "de"),
    _person("ravi", "Ravi Menon", ["sales_manager"], "lena", "hi"),
    _person("lena", "Lena Fischer", ["admin"], None),
]


async def seed(database: Database) -> None:
    """Adds the demo's people if the tenant has nobody yet."""
    async with database.write() as db:
        if not await directory.page(db, TENANT, after=None, limit=1):
            await directory.put(db, TENANT, PEOPLE)
