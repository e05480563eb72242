"""One running product for all tests here, each of which has a tenant of its own in it."""

import uuid
from collections.abc import AsyncIterator

import pytest

from tests.channels.push_service import OWNER, PushService, running
from tests.product import Product


@pytest.fixture(scope="package")
async def push() -> AsyncIterator[PushService]:
    """The push service that the product's browsers subscribe to."""
    async with running() as service:
        yield service


@pytest.fixture(scope="package")
async def product(tmp_path_factory: pytest.TempPathFactory, push: PushService) -> AsyncIterator[Product]:
    """`punctual up`, which logs all that it can."""
    settings = {
        "VAPID_PRIVATE_KEY": push.vapid.private, "VAPID_PUBLIC_KEY": push.vapid.public,
        "VAPID_CLAIMS_EMAIL": OWNER, "PUSH_ALLOWED_HOSTS": push.origin,
        "LOG_FORMAT": "json", "LOG_LEVEL": "debug",
    }  # fmt: skip
    async with Product(tmp_path_factory.mktemp("product"), **settings) as product:
        yield product


@pytest.fixture
def tenant() -> str:
    """A tenant that nobody has used."""
    return f"t{uuid.uuid4().hex[:12]}"
