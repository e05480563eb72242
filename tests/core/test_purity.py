"""The core reads no clock, no file, no environment and no chance, so workflows may import it and replay for ever."""

import ast
from pathlib import Path

import pytest

import punctual

CORE = Path(punctual.__file__).parent
# The client alone talks to Temporal, and says when it took an event; the codec needs fresh nonces.
OUTSIDE = {"client.py", "codec.py"}
FORBIDDEN_CALLS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "uuid4", "uuid1", "urandom"}
FORBIDDEN_MODULES = {
    "os",
    "random",
    "secrets",
    "time",
    "socket",
    "subprocess",
    "threading",
    "asyncio",
    "pathlib",
    "io",
}


def _offences(source: str) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in FORBIDDEN_CALLS | {"open"} and not _is_harmless(node):
                found.append(f"line {node.lineno}: calls {name}")
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"line {node.lineno}: imports {name}" for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
    return found


def _is_harmless(call: ast.Call) -> bool:
    """`moment.astimezone(…).time()` reads no clock; `time.time()` cannot occur, as `time` is not imported."""
    return isinstance(call.func, ast.Attribute) and call.func.attr == "time"


@pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.name)
def test_the_core_is_pure(path: Path) -> None:
    """No module of the core calls a clock, draws by chance, or imports what could."""
    if path.name not in OUTSIDE:
        assert _offences(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source", ["from datetime import datetime\ndatetime.now()", "import os", "open('x')", "from random import random"]
)
def test_the_check_can_fail(source: str) -> None:
    """Each kind of offence is found."""
    assert _offences(source)
