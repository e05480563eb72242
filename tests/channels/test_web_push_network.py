"""Where a push may connect to."""

import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from activities.channels.web_push_http import PublicResolver, PushHttp, is_public
from punctual.push_endpoints import allowed_origins
from tests.channels.conftest import Desk, message
from tests.channels.push_service import Browser, PushService

INSIDE = [
    "127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.8", "192.88.99.1", "198.18.0.1", "203.0.113.5", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::8.8.8.8", "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2002:7f00:1::1", "2002:808:808::1", "2001::1", "2001:db8::1",
    "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "ff0e::1", "3fff::1", "5f00::1",
]  # fmt: skip
"""Private, mapped, tunnelled, translated, multicast, documentation, and what leads nowhere."""


class Names(AbstractResolver):
    """A name service that says what it is told to."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            )
            for address in self._addresses
        ]  # fmt: skip

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "address", ["142.250.74.106", "34.107.243.93", "2a00:1450:4001:80b::200a", "2620:149:208::1"]
)
def test_addresses_of_real_push_services_are_public(address: str) -> None:
    """The rule is not so strict that nothing passes."""
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_an_address_that_leads_inside_or_through_a_tunnel_is_not_public(address: str) -> None:
    """`ipaddress` alone would let NAT64, 6to4 and multicast pass."""
    assert not is_public(address)


async def test_only_the_public_addresses_of_a_name_are_dialled() -> None:
    """A private one among them is left out; a name with none has no address at all."""
    resolver = PublicResolver(frozenset(), Names("10.0.0.1", "8.8.8.8", "::1"))
    assert [found["host"] for found in await resolver.resolve("fcm.googleapis.com", 443)] == ["8.8.8.8"]
    with pytest.raises(OSError, match="public"):
        await PublicResolver(frozenset(), Names("10.0.0.1")).resolve("fcm.googleapis.com", 443)


async def test_an_allowed_host_may_have_a_private_address_at_its_own_port_only() -> None:
    """What the operator allowed is one origin, not a machine."""
    resolver = PublicResolver(allowed_origins(("push.example:8443",)), Names("10.0.0.1"))
    assert await resolver.resolve("push.example", 8443)
    with pytest.raises(OSError, match="public"):
        await resolver.resolve("push.example", 443)


async def test_a_push_service_whose_name_leads_inside_is_not_called(desk: Desk, no_network: list[str]) -> None:
    """A name may change its address after it was checked: the one that is dialled is the one that was checked."""
    await desk.subscribe(Browser("s1").subscription("https://fcm.googleapis.com/fcm/send/x"))
    names = Names(*INSIDE)
    result = await desk.make(http=PushHttp(frozenset(), names)).send(message())
    assert result.outcome == "retry"
    assert names.asked == ["fcm.googleapis.com"]
    assert no_network == []


async def test_the_connection_goes_to_the_address_that_the_resolver_gave(
    desk: Desk, push_service: PushService
) -> None:
    """Nobody asks for the name a second time."""
    origin = push_service.origin.replace("127.0.0.1", "localhost")
    push_service.add("s1")
    push_service.origin = origin
    await desk.subscribe(push_service.add("s1"))
    names = Names("127.0.0.1")
    result = await desk.make(origin, http=PushHttp(allowed_origins((origin,)), names)).send(message())
    assert result.outcome == "sent"
    assert names.asked == ["localhost"]
