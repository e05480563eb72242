"""Settings: a bad one is one line that names it and hides its value."""

from pathlib import Path

import pytest

import settings
from settings import SettingsError
from tests.channels.push_service import KeyPair


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("SECRET_KEYS", "too-short-hush"),
        ("DATABASE_URL", "mysql://hush"),
        ("EMAIL_URL", "pigeon:hush"),
        ("EMAIL_FROM", "a@example.com, b@example.com"),
        ("EMAIL_FROM", "A\nBcc: hush@example.com <a@example.com>"),
        ("TEMPORAL_PAYLOAD_KEYS", "k1:hush"),
        ("VAPID_CLAIMS_EMAIL", "mailto:root@localhost"),
        ("PUSH_ALLOWED_HOSTS", "ftp://x"),
        ("DELIVERY_MODE", "hush"),
        ("LOG_LEVEL", "hush"),
        ("EMAIL_URL", "sendgrid:hush"),
        ("EMAIL_URL", "smtp://host:hush"),
        ("EMAIL_URL", "smtp://hush:p%zz@host"),
        ("SENDGRID_API_HOST", "http://hush.example"),
        ("SENDGRID_API_HOST", "https://api.sendgrid.com/hush"),
        ("SENDGRID_WEBHOOK_PUBLIC_KEY", "hush"),
        ("SENDGRID_WEBHOOK_PUBLIC_KEY", "aHVzaA=="),
        ("SMS_URL", "twilio://hush:hush@15551234567"),
        ("SMS_URL", "hush-{phone}"),
        ("CHAT_TARGETS", "slack://hush/hush/hush"),
        ("CHAT_TARGETS", "sales=hush"),
        ("CHANNEL_RATES", "pigeon:1"),
        ("CHANNEL_RATES", "inbox:1"),
        ("CHANNEL_RATES", "email:0"),
        ("CHANNEL_RATES", "email:hush"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_hidden(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """One line, with the name of the setting."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        settings.load()
    assert str(error.value).startswith(f"{name}: ")
    assert "\n" not in str(error.value)
    assert "hush" not in str(error.value)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """`PORT=` in a compose file means the default."""
    monkeypatch.setenv("PORT", "")
    assert settings.load().port == 8000


def test_the_environment_wins_over_the_file_and_the_file_over_what_up_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Environment, then `.env`, then DATA/secrets.env."""
    (tmp_path / ".punctual").mkdir()
    made = f"SECRET_KEYS={'m' * 40}\nDELIVERY_MODE=sink\nLOG_LEVEL=error\nPORT=1111\n"
    (tmp_path / ".punctual" / "secrets.env").write_text(made)
    (tmp_path / ".env").write_text("LOG_LEVEL=warning\nPORT=2222\n")
    monkeypatch.setenv("PORT", "3333")
    found = settings.load()
    assert (found.port, found.log_level, found.delivery_mode) == (3333, "warning", "sink")
    assert found.secrets == ["m" * 40]


def test_no_environment_variable_opens_the_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `punctual up` can."""
    for name in ("DEMO", "CODEC_OPEN", "_DEMO"):
        monkeypatch.setenv(name, "true")
    assert not settings.load().codec_open
    assert settings.load().for_up().codec_open


def test_on_one_machine_both_names_of_loopback_may_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a public URL people type either; with one, only its own origin counts."""
    assert settings.load().origins == ["http://127.0.0.1:8000", "http://localhost:8000"]
    monkeypatch.setenv("PUBLIC_URL", "https://crm.example.com/punctual/")
    assert settings.load().origins == ["https://crm.example.com"]


def test_commands_find_the_ports_of_the_up_that_runs_beside_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What `up` wrote counts for its neighbours, not for the next `up`, and the environment wins over it."""
    (tmp_path / ".punctual").mkdir()
    (tmp_path / ".punctual" / "ports.env").write_text("PORT=1\nTEMPORAL_PORT=2\nTEMPORAL_UI_PORT=3\n")
    assert settings.load().temporal == "127.0.0.1:2"
    assert settings.load(beside_up=False).temporal == "127.0.0.1:7233"
    monkeypatch.setenv("TEMPORAL_PORT", "4")
    assert settings.load().temporal == "127.0.0.1:4"


def test_secrets_do_not_show_in_a_settings_dump(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing the settings gives nothing away."""
    monkeypatch.setenv("SECRET_KEYS", "hush" * 10)
    monkeypatch.setenv("EMAIL_URL", "smtp://user:hush@mail.example:587")
    assert "hush" not in repr(settings.load())


def test_vapid_settings_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a key pair is a mistake, not an absent channel."""
    monkeypatch.setenv("VAPID_PUBLIC_KEY", "x")
    with pytest.raises(SettingsError, match="belong together"):
        settings.load()


def test_several_vapid_keys_stand_in_the_same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is offered; as many public ones as private ones."""
    new, old = KeyPair(), KeyPair()
    monkeypatch.setenv("VAPID_PRIVATE_KEY", f"{new.private}, {old.private}")
    monkeypatch.setenv("VAPID_PUBLIC_KEY", f"{new.public},{old.public}")
    monkeypatch.setenv("VAPID_CLAIMS_EMAIL", "mailto:ops@example.com")
    assert settings.load().vapid_keys == [(new.private, new.public), (old.private, old.public)]
    for public, complaint in (
        (new.public, "VAPID_PUBLIC_KEY needs as many"),
        (f"{old.public},{new.public}", "VAPID_PUBLIC_KEY: does not belong to VAPID_PRIVATE_KEY"),
    ):
        monkeypatch.setenv("VAPID_PUBLIC_KEY", public)
        with pytest.raises(SettingsError, match=complaint):
            settings.load()


def test_what_is_no_vapid_key_is_named_and_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also to those who only offer the public one."""
    for name in ("VAPID_PRIVATE_KEY", "VAPID_PUBLIC_KEY"):
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("VAPID_CLAIMS_EMAIL", "mailto:ops@example.com")
    with pytest.raises(SettingsError, match="VAPID_PRIVATE_KEY: ") as error:
        settings.load()
    assert "hush" not in str(error.value)


def test_sendgrid_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transport without its credentials is a mistake."""
    monkeypatch.setenv("EMAIL_URL", "sendgrid:")
    with pytest.raises(SettingsError, match="SENDGRID_API_KEY"):
        settings.load()
    monkeypatch.setenv("SENDGRID_API_KEY", "SG.key")
    assert settings.load().has("email_url")


def test_chat_targets_and_rates_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Targets by name, rates by channel."""
    monkeypatch.setenv("CHAT_TARGETS", "sales=slack://a/b/c/%23sales\n ops=msteams://x/y=z/")
    monkeypatch.setenv("CHANNEL_RATES", "email:10, web_push:2.5")
    found = settings.load()
    assert found.targets == {"sales": "slack://a/b/c/%23sales", "ops": "msteams://x/y=z/"}
    assert found.rates == {"email": 10.0, "web_push": 2.5}
    assert "slack" not in repr(found)
