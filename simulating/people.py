"""The people of a scenario, and what they have chosen, kept as the API keeps them."""

from collections.abc import Sequence
from datetime import datetime

from simulating import TENANT, scenario
from store import directory, preferences
from store.engine import Database


class People:
    """Who there is; `devices`: who has one, `choosers`: who has ever chosen anything, by user id."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.devices: set[str] = set()
        self.choosers: set[str] = set()

    async def come(self, users: Sequence[scenario.User], at: datetime) -> None:
        """Those who are there from the start."""
        async with self._database.write() as db:
            await directory.put(db, TENANT, [_row(user) for user in users])
            for user in users:
                if "preferences" in user.model_fields_set:
                    await preferences.choose(db, TENANT, user.id, user.preferences, at)
                    self.choosers.add(user.id)
        self.devices |= {user.id for user in users if user.push}

    async def change(self, user: scenario.User, at: datetime, *, chooses: bool) -> bool:
        """Somebody is new or another from now on; whether what waits for them is to be decided about anew."""
        (self.devices.add if user.push else self.devices.discard)(user.id)
        async with self._database.write() as db:
            await directory.put(db, TENANT, [_row(user)])
            if user.active:
                await preferences.follow_zones(db, TENANT, {user.id: user.timezone}, at)
            if not chooses:
                return False
            self.choosers.add(user.id)
            return await preferences.choose(db, TENANT, user.id, user.preferences, at)


def _row(user: scenario.User) -> directory.User:
    return directory.User(**user.model_dump(exclude={"push", "preferences"}))
