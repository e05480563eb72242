"""`punctual up`: starts, stops, goes on, and says in one line why it cannot."""

import asyncio
import signal
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from running import data_folder
from running.errors import CannotStart
from tests.eventually import eventually
from tests.product import Product

HOUR = timedelta(hours=1)


def _event(id_: str, starts_at: datetime) -> dict[str, object]:
    return {
        "id": f"e-{id_}", "type": "appointment.scheduled", "time": datetime.now(UTC).isoformat(),
        "data": {
            "id": id_, "title": "Visit", "customer_name": "Meera", "starts_at": starts_at.isoformat(),
            "assignee_ids": ["asha"],
        },
    }  # fmt: skip


async def test_a_second_start_goes_on_where_the_first_stopped_and_outlives_its_temporal(tmp_path: Path) -> None:
    """A reminder planned before a stop arrives after the restart, and after Temporal was killed under that.

    Ctrl-C is a clean end: exit code 0, no traceback, nothing of the tree is left. Readiness says when a Temporal
    that died is there again.
    """
    product = Product(tmp_path)
    async with product:
        tree = _tree(product)
        async with product.client() as client:
            policy = {"reminders": [{"before": "PT1H"}]}
            (await client.put("/v1/admin/policies/appointment", json=policy)).raise_for_status()
            due = datetime.now(UTC) + timedelta(seconds=8)
            (await client.post("/v1/events", json=_event("42", due + HOUR))).raise_for_status()
        assert await product.stop(signal.SIGINT) == 0
    assert "Traceback" not in product.output
    assert len(tree) > 1
    assert [process for process in tree if process.is_running()] == []
    async with product, product.client() as client:
        (child,) = [process for process in _tree(product) if "temporal" in process.name()]
        child.kill()

        async def ready() -> bool:
            is_replaced = child not in _tree(product) and len(_tree(product)) > 1
            return is_replaced and (await client.get("/readyz")).status_code == 200

        await eventually(ready, within=30)
        assert (await client.post("/v1/events", json=_event("43", due + 2 * HOUR))).status_code == 202

        async def reminded() -> bool:
            found = (await client.get("/v1/notifications?type=appointment.reminder")).json()
            return len(found["items"]) == 1

        await eventually(reminded, within=30)
    secrets = tmp_path / "secrets.env"
    assert secrets.stat().st_mode & 0o777 == 0o600


def _tree(product: Product) -> list[psutil.Process]:
    assert product.process is not None
    root = psutil.Process(product.process.pid)
    return [root, *root.children(recursive=True)]


async def _refused(product: Product) -> str:
    """The one line with which it refuses to start."""
    with pytest.raises(AssertionError):
        await product.start()
    assert product.process is not None
    assert await asyncio.wait_for(product.process.wait(), 20) == 1
    lines = [line for line in product.output.splitlines() if line.startswith("punctual: ")]
    assert len(lines) == 1, product.output
    assert "Traceback" not in product.output
    return lines[0]


async def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """It names the port, its setting, and another to try."""
    product = Product(tmp_path)
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(product.environment["TEMPORAL_UI_PORT"])))
        other.listen()
        line = await _refused(product)
    assert product.environment["TEMPORAL_UI_PORT"] in line
    assert "TEMPORAL_UI_PORT=" in line


@pytest.mark.thorough
async def test_a_data_folder_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """Two of them on one folder would spoil it: the second says who must stop."""
    async with Product(tmp_path):
        line = await _refused(Product(tmp_path))
    assert "another `punctual up` uses" in line


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["punctual.db", "temporal.db"])
async def test_a_broken_data_folder_is_one_clear_line(tmp_path: Path, name: str) -> None:
    """A file that is no database stops the start with the reason, not with a traceback."""
    (tmp_path / name).write_bytes(b"this is no database, though it is long enough to look like one" * 100)
    line = await _refused(Product(tmp_path))
    assert "cannot be used" in line or "Temporal did not start" in line


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """Something else in its place is one reason not to start."""
    (tmp_path / "data").write_text("hello")
    with pytest.raises(CannotStart, match=r"set DATA to another$"), data_folder.locked(tmp_path / "data"):
        pass


@pytest.mark.thorough
async def test_what_is_wrong_before_the_start_is_one_clear_line(tmp_path: Path) -> None:
    """A data folder that is a file; a malformed setting, which is named and whose value is not shown."""
    (tmp_path / "data").write_text("hello")
    assert "set DATA to another" in await _refused(Product(tmp_path / "data"))
    line = await _refused(Product(tmp_path, SECRET_KEYS="short-hush"))
    assert "SECRET_KEYS" in line
    assert "hush" not in line


@pytest.mark.thorough
def test_in_production_a_missing_redis_is_named(tmp_path: Path) -> None:
    """`punctual api` and `punctual worker` exit with 1 and name REDIS_URL."""
    product = Product(tmp_path)
    for command in ("api", "worker"):
        ended = product.command(command)
        assert ended.returncode == 1
        assert ended.stderr.startswith("punctual: REDIS_URL")
