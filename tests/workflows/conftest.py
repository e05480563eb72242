"""A world in virtual time."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest
from temporalio.testing import WorkflowEnvironment

from store.engine import Database
from tests.workflows.escalating import THREE
from tests.world import World, living, user


@pytest.fixture
async def world(virtual: WorkflowEnvironment, sqlite: Database) -> AsyncIterator[World]:
    """Real activities and a real SQLite; only what crosses the network is a recorder."""
    async with living(sqlite, virtual.client) as world:
        yield world


@pytest.fixture
async def now(virtual: WorkflowEnvironment) -> datetime:
    """Virtual time, on a whole second so that keys are short."""
    moment = await virtual.get_current_time()
    return moment.replace(microsecond=0)


@pytest.fixture
async def crm(world: World) -> World:
    """Follow-ups; asha answers to ravi, ravi to lena, and olga is an admin."""
    world.kind = "follow_up"
    await world.people(
        user("asha", manager_id="ravi"), user("ravi", manager_id="lena"), user("lena"), user("olga", roles=["admin"])
    )
    await world.follow(THREE)
    return world
