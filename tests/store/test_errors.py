"""What the database refuses is logged; what was to be written is not for logs."""

import traceback

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from store.engine import Database
from store.tables import users
from tests.world import user


@pytest.mark.parametrize("missing", [{"email": None}, {"timezone": None}])
async def test_an_error_of_a_statement_holds_no_value(database: Database, missing: dict[str, None]) -> None:
    """Neither a second row of the same key nor one that lacks a column shows anybody's name or address."""
    values = {"tenant": "acme", **user("asha", name="Meera Iyer", email="meera@example.com").__dict__, **missing}
    with pytest.raises(DBAPIError) as error:
        async with database.write() as db:
            for _ in range(2):
                await db.execute(insert(users).values(**values))
    shown = "".join(traceback.format_exception(error.value))
    assert "INSERT INTO users" in shown
    assert [word for word in ("Meera", "example.com") if word in shown] == []
