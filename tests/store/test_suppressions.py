"""Who gets no mail any more, on both databases."""

from store.engine import Connection, Database
from store.suppressions import ALL, Suppressions
from store.vault import Vault
from tests.store.rows import MINUTE, NOW, SECRET

ADDRESS = "Asha@Example.com"
PEOPLE = {"asha": ADDRESS, "ben": "ben@example.com", "shared": "asha@example.com"}
OURS = Suppressions(Vault([SECRET]))


async def why(db: Connection, *scopes: str, by: Suppressions = OURS) -> dict[str, str]:
    return dict(await by.stopped(db, "acme", PEOPLE, scopes))


async def test_an_unsubscription_stops_its_scope_until_it_is_taken_back(database: Database) -> None:
    """A category, a type, or all; what is mandatory has no scopes and passes."""
    async with database.write() as db:
        await OURS.unsubscribe(db, "acme", "asha", "tickets", NOW)
        await OURS.unsubscribe(db, "acme", "asha", "tickets", NOW + MINUTE)
        await OURS.unsubscribe(db, "acme", "ben", ALL, NOW)
        assert await why(db, "tickets", "ticket.closed") == {"asha": "unsubscribed", "ben": "unsubscribed"}
        assert await why(db, "leads", "lead.created") == {"ben": "unsubscribed"}
        assert await why(db) == {}
        assert [(one.scope, one.at) for one in await OURS.of(db, "acme", "asha", None)] == [("tickets", NOW)]
        assert await OURS.resubscribe(db, "acme", "asha", "tickets")
        assert not await OURS.resubscribe(db, "acme", "asha", "tickets")
        assert await why(db, "tickets") == {"ben": "unsubscribed"}


async def test_a_bounce_is_the_addresss_whoever_has_it_and_however_it_is_written(database: Database) -> None:
    """It stops what is mandatory too; the first word about it stays; another address is tried."""
    async with database.write() as db:
        await OURS.bounced(db, "acme", " asha@EXAMPLE.com", NOW, "550")
        await OURS.bounced(db, "acme", ADDRESS, NOW + MINUTE, "complaint")
        assert await why(db) == await why(db, "tickets") == {"asha": "bounced", "shared": "bounced"}
        assert [(one.reason, one.detail) for one in await OURS.of(db, "acme", "asha", ADDRESS)] == [
            ("bounced", "550")
        ]
        assert await OURS.of(db, "acme", "asha", "new@example.com") == []
        assert await OURS.lift(db, "acme", ADDRESS)
        assert not await OURS.lift(db, "acme", ADDRESS)
        assert await why(db) == {}


async def test_a_domain_is_the_same_in_unicode_and_as_servers_write_it(sqlite: Database) -> None:
    """The directory has the one, mails and what becomes of them have the other; neither is another domain."""
    written, on_the_way = "asha@straße.example", "asha@xn--strae-oqa.example"
    async with sqlite.write() as db:
        await OURS.bounced(db, "acme", on_the_way, NOW, "550")
        assert [one.reason for one in await OURS.of(db, "acme", "asha", written)] == ["bounced"]
        assert await OURS.of(db, "acme", "asha", "asha@strasse.example") == []
        assert await OURS.stopped(db, "acme", {"asha": written}, ()) == {"asha": "bounced"}
        await OURS.forget(db, "acme", "asha", written)
        assert not await OURS.lift(db, "acme", on_the_way)


async def test_a_rotation_of_keys_loses_nothing_and_shows_nothing_twice(database: Database) -> None:
    """What an older key marked is found, lifted and forgotten; addresses are nowhere to be read."""
    rotated = Suppressions(Vault(["another-secret-of-at-least-32-characters", SECRET]))
    async with database.write() as db:
        for minute, suppressions in enumerate((OURS, rotated)):
            await suppressions.bounced(db, "acme", ADDRESS, NOW + minute * MINUTE, "550")
        kept = str((await db.exec_driver_sql("SELECT * FROM suppressions")).all())
        assert "example" not in kept.casefold()
        assert await why(db, by=rotated) == {"asha": "bounced", "shared": "bounced"}
        assert [one.at for one in await rotated.of(db, "acme", "asha", ADDRESS)] == [NOW]
        await rotated.unsubscribe(db, "acme", "asha", "tickets", NOW)
        await rotated.forget(db, "acme", "asha", ADDRESS)
        assert (await db.exec_driver_sql("SELECT * FROM suppressions")).all() == []
