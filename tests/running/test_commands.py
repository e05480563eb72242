"""The command line says what is wrong in one line, and leaves with 1 or 2."""

from pathlib import Path

import pytest

from tests.product import Product

LONG = {"SECRET_KEYS": "k" * 40, "REDIS_URL": "redis://127.0.0.1:1", "TEMPORAL_PORT": "1"}


@pytest.mark.thorough
@pytest.mark.parametrize(
    "arguments",
    [
        ("token", "--tenant", "a b", "--user", "x"),
        ("token", "--tenant", "a", "--user", "x", "--role", "root"),
        ("token", "--tenant", "a", "--user", "x", "--ttl", "99999999d"),
        ("token", "--tenant", "a", "--user", "x", "--ttl", "soon"),
        ("import", "nowhere.ics", "--tenant", "a", "--shift-to", "someday"),
        ("nonsense",),
    ],
)
def test_a_bad_argument_is_told_with_its_name(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Exit code 2, usage, and no traceback."""
    ended = Product(tmp_path).command(*arguments)
    assert ended.returncode == 2
    assert "Usage:" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("token", "--tenant", "a", "--user", "x"), "SECRET_KEYS"),
        (("import", "nowhere.ics", "--tenant", "a"), "SECRET_KEYS"),
        (("replay", "nowhere"), "no recorded history"),
    ],
)
def test_what_is_missing_is_one_line(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    """Exit code 1, one line that begins with the program's name."""
    ended = Product(tmp_path).command(*arguments)
    assert ended.returncode == 1
    assert ended.stderr.startswith("punctual: ")
    assert complaint in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.thorough
def test_what_cannot_be_reached_is_one_line(tmp_path: Path) -> None:
    """`migrate` without Temporal, `replay` over something else's JSON, `import` of a file that is not there."""
    product = Product(tmp_path, **LONG)
    (tmp_path / "other.json").write_text('{"events": []}')
    for arguments, complaint in (
        (("migrate",), "does not answer at 127.0.0.1:1"),
        (("replay", str(tmp_path)), "other.json"),
        (("import", "nowhere.ics", "--tenant", "a"), "nowhere.ics"),
    ):
        ended = product.command(*arguments)
        assert ended.returncode == 1
        assert complaint in ended.stderr
        assert len(ended.stderr.splitlines()) == 1, ended.stderr


def test_a_token_is_all_that_token_prints(tmp_path: Path) -> None:
    """So it can be taken by a shell."""
    ended = Product(tmp_path, **LONG).command("token", "--tenant", "a", "--user", "x")
    assert (ended.returncode, ended.stdout.count("."), len(ended.stdout.split())) == (0, 2, 1)


def test_fresh_keys_fit_the_settings(tmp_path: Path) -> None:
    """What `keys` prints is accepted as it stands, and a rotation keeps what is set behind a fresh pair."""
    product = Product(tmp_path)
    vapid = dict(line.split("=", 1) for line in product.command("keys", "vapid").stdout.split())
    secret = product.command("keys", "secret").stdout.strip()
    product.environment |= {**vapid, "SECRET_KEYS": secret, "TEMPORAL_PAYLOAD_KEYS": f"k1:{secret}"}
    rotated = dict(line.split("=", 1) for line in product.command("keys", "vapid", "--rotate").stdout.split())
    for name in ("VAPID_PRIVATE_KEY", "VAPID_PUBLIC_KEY"):
        fresh, kept = rotated[name].split(",")
        assert kept == vapid[name] != fresh
    assert rotated["VAPID_CLAIMS_EMAIL"] == vapid["VAPID_CLAIMS_EMAIL"]
