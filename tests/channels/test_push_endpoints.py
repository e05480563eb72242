"""Which addresses may be called at all."""

import pytest

from punctual.errors import UnsafeUrl
from punctual.push_endpoints import SERVICES, allowed_origins, check
from store.subscriptions import Subscription
from tests.channels.conftest import NOW, Desk, message
from tests.channels.push_service import Browser

REFUSED = [
    "http://fcm.googleapis.com/x",
    "https://fcm.googleapis.com.evil.example/x",
    "https://evilfcm.googleapis.com.example/x",
    "https://notfcm.googleapis.com/x",
    "https://xnotify.windows.com/x",
    "https://fcm.googleapis.com@evil.example/",
    "https://user@fcm.googleapis.com/x",
    "https://:@fcm.googleapis.com/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:0443/x",
    "https://fcm.googleapis.com:/x",
    "https://fcm.googleapis.com:99999/x",
    "https://fcm.googleapis.com./x",
    "https://.fcm.googleapis.com/x",
    "https://a..fcm.googleapis.com/x",
    "https://-a.fcm.googleapis.com/x",
    "https://fcm.googleapis.com/x#fragment",
    "https://evil.example\\.fcm.googleapis.com/x",
    "https://evil.example\\@fcm.googleapis.com/x",
    "https://evil.example/.fcm.googleapis.com@x",
    "https://evil.example?.fcm.googleapis.com/x",
    "https:fcm.googleapis.com/x",
    "https:///fcm.googleapis.com/x",
    "https:/\\fcm.googleapis.com/x",
    "//fcm.googleapis.com/x",
    "https://fcm.googleapis.com\n/x",
    "https://fcm.googleapis.com/x\n",
    " https://fcm.googleapis.com/x",
    "https://fcm.goo\tgleapis.com/x",
    "https://fcm.googleapis.com/\x00",
    "https://fcm.googleapis.com/a b",
    "https://fcm.googleapis.com/é",
    "https://fcm.googleapis.com/%zz",
    "https://fcm\uff0egoogleapis.com/x",
    "https://ｆcm.googleapis.com/x",
    "https://fcm%2egoogleapis.com/x",
    "https://127.1/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://①②⑦.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/",
    "https://" + "a" * 250 + ".fcm.googleapis.com/",
    "https://fcm.googleapis.com/" + "x" * 3000,
    "https:/fcm.googleapis.com/x",
    "https:\\\\fcm.googleapis.com\\x",
    "https://fcm.googleapis.com\\x",
    "https://fcm.googleapis.com%2f@evil.example/x",
    "https://evil.example%2f.fcm.googleapis.com/x",
    "https://evil.example%23.fcm.googleapis.com/x",
    "https://evil.example#.fcm.googleapis.com/x",
    "https://evil.example;.fcm.googleapis.com/x",
    "https://evil.example,fcm.googleapis.com/x",
    "https://fcm.googleapis.com,evil.example/x",
    "https://evil.example:443.fcm.googleapis.com/x",
    "https://fcm.googleapis.com:443:8443/x",
    "https://fcm.googleapis.com:+443/x",
    "https://fcm.googleapis.com:4_43/x",
    "https://fcm.googleapis.com:\uff14\uff14\uff13/x",
    "https://fcm.googleapis.com:22/x",
    "https://fcm.googleapis.com%00.evil.example/x",
    "https://fcm.googleapis.com\r\nHost: evil.example/x",
    "https://fcm.googleapis.com/x\r\nTopic: y",
    "https://fcm.googleapis.com/x HTTP/1.1\r\nX: y",
    "https\t://fcm.googleapis.com/x",
    "ht\ntps://fcm.googleapis.com/x",
    "https://\tfcm.googleapis.com/x",
    "\ufeffhttps://fcm.googleapis.com/x",
    "https://f\u00adcm.googleapis.com/x",
    "https://fcm\u3002googleapis\uff61com/x",
    "https://fcm.g\u043e\u043egleapis.com/x",
    "https://fcm.xn--ggleapis-0gg.com/x",
    "https://xn--fcm-.googleapis.com.evil.example/x",
    "https://\u212acm.googleapis.com/x",
    "https://fcm.googleapis.com\u2024evil.example/x",
    "https://fcm_.googleapis.com/x",
    "https://a_b.fcm.googleapis.com/x",
    "https://*.fcm.googleapis.com/x",
    "https://" + "a" * 64 + ".fcm.googleapis.com/x",
    "https://" + "a." * 130 + "fcm.googleapis.com/x",
    "https://fcm.googleapis.com../x",
    "https://googleapis.com/x",
    "https://storage.googleapis.com/x",
    "https://fcm.googleapis.com.localhost/x",
    "https://windows.com/x",
    "https://[fe80::1%25eth0]/x",
    "https://[fe80::1%eth0]:443/x",
    "https://[::ffff:8.8.8.8]/x",
    "https://[64:ff9b::7f00:1]/x",
    "https://[2002:7f00:1::]/x",
    "https://[fcm.googleapis.com]/x",
    "https://fcm.googleapis.com]/x",
    "https://017700000001/x",
    "https://0x7f000001/x",
    "https://127.0.0.1.fcm.googleapis.com@127.0.0.1/x",
    "https://127.0.0.1:80/x",
    "https://0/x",
    "https://%31%32%37.0.0.1/x",
    "ftp://fcm.googleapis.com/x",
    "wss://fcm.googleapis.com/x",
    "httpss://fcm.googleapis.com/x",
    "\u017f://fcm.googleapis.com/x",
    "http\u017f://fcm.googleapis.com/x",
    "blob:https://fcm.googleapis.com/x",
    "view-source:https://fcm.googleapis.com/x",
    "javascript:alert(1)",
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_an_address_that_is_not_plainly_a_push_service_is_refused(url: str) -> None:
    """Nothing that two parsers could read differently passes, nor any host that is not on the list."""
    with pytest.raises(UnsafeUrl):
        check(url)


@pytest.mark.parametrize("url", [url for url in REFUSED if len(url) < 2500])
async def test_a_refused_address_is_refused_before_connecting(url: str, desk: Desk, no_network: list[str]) -> None:
    """The stored endpoint is checked again at every send: no name is resolved and no socket is opened."""
    await desk.subscribe(Subscription("s1", "asha", url, "BA", "AA", "Browser", NOW))
    result = await desk.make(deadline=0.2).send(message())
    assert (result.outcome, result.reason) == ("failed", "rejected")
    assert no_network == []


@pytest.mark.parametrize("host", ["fcm.googleapis.com", "127.0.0.1"])
async def test_the_refusal_test_would_see_a_connection(host: str, desk: Desk, no_network: list[str]) -> None:
    """An allowed name or address does reach the recorder, so that its silence above means something."""
    await desk.subscribe(Browser("s1").subscription(f"https://{host}/fcm/send/x"))
    result = await desk.make("127.0.0.1").send(message())
    assert result.outcome == "retry"
    assert no_network == [host]


@pytest.mark.parametrize("service", SERVICES)
def test_the_known_services_and_the_hosts_below_them_pass(service: str) -> None:
    """Upper case and the port that is meant anyway make no difference."""
    for host in (service, f"eu-1.{service}", service.upper()):
        found = check(f"https://{host}:443/a/b:c-_~?token=%2Fx%3d")
        assert (found.scheme, found.host, found.port) == ("https", host.lower(), 443)
        assert found.origin == f"https://{host.lower()}"
        assert not found.private_allowed
        assert "token" not in repr(found)


@pytest.mark.parametrize(
    ("entry", "url", "passes"),
    [
        ("push.example", "https://push.example/x", True),
        ("push.example", "https://push.example:8443/x", False),
        ("push.example", "https://a.push.example/x", False),
        ("push.example", "http://push.example/x", False),
        ("push.example:8443", "https://push.example:8443/x", True),
        ("push.example:8443", "https://push.example/x", False),
        ("https://push.example:8443", "https://push.example:8443/x", True),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123/x", True),
        ("http://127.0.0.1:8123", "https://127.0.0.1:8123/x", False),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8124/x", False),
        ("http://127.0.0.1:8123", "http://127.1:8123/x", False),
        ("http://localhost:8123/", "http://localhost:8123/x", True),
        ("10.0.0.7:8443", "https://10.0.0.7:8443/x", True),
    ],
)
def test_only_the_very_origin_that_the_operator_named_is_allowed(entry: str, url: str, passes: bool) -> None:
    """Another port, a private address and plain http on loopback pass for that origin alone."""
    if passes:
        assert check(url, [entry]).private_allowed
    else:
        with pytest.raises(UnsafeUrl):
            check(url, [entry])


@pytest.mark.parametrize(
    "entry",
    ["http://push.example", "http://10.0.0.7:80", "push.example/path", "127.1", "*.example", "a b", "", "x:99999"],
)
def test_a_malformed_allowance_is_an_operators_mistake(entry: str) -> None:
    """It raises instead of being ignored, and plain http to another machine is one."""
    with pytest.raises(ValueError, match="host"):
        allowed_origins((entry,))
