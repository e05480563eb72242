"""What waits for one socket, and what a client makes of it."""

import json
import random
from typing import Any

from api.live_queue import WAITING, WAITING_BYTES, Allowance, Outbox


def count(version: int) -> dict[str, Any]:
    return {"type": "unread_count", "count": 0, "version": version}


def updated(id_: str, version: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "notification_updated",
        "notification": {"id": id_, **more},
        "unread_count": 0,
        "version": version,
    }


async def drained(outbox: Outbox) -> list[dict[str, Any]]:
    return [json.loads(await outbox.get()) for _ in range(len(outbox))]


async def test_counts_and_repeated_updates_wait_once() -> None:
    """The newest of all counts, and of each notification's updates; everything else in its order."""
    outbox = Outbox()
    pong = {"type": "pong"}
    for frame in (count(1), updated("a", 2), pong, updated("b", 3), updated("a", 4), pong, count(5)):
        assert outbox.put(frame)
    assert await drained(outbox) == [pong, updated("b", 3), updated("a", 4), pong, count(5)]
    assert outbox.size == 0


async def test_an_older_frame_never_replaces_a_newer_one() -> None:
    """A count read after a gap may be overtaken by a change; the newest version is what the client ends with."""
    outbox = Outbox()
    for frame in (count(9), count(8), updated("a", 7), updated("a", 6)):
        assert outbox.put(frame)
    assert await drained(outbox) == [count(9), updated("a", 7)]


async def test_what_waits_is_bounded_in_number_and_in_bytes() -> None:
    """One that is large by itself still passes; coalescing makes room."""
    many, large = Outbox(), Outbox()
    assert all(many.put(updated(str(number), number)) for number in range(WAITING))
    assert not many.put({"type": "pong"})
    assert many.put(updated("7", WAITING))
    big = "x" * (WAITING_BYTES // 2)
    assert large.put(updated("a", 1, message=big * 3))
    await large.get()
    assert large.put(updated("a", 2, message=big))
    assert large.put(updated("a", 3, message=big))
    assert not large.put(updated("b", 4, message=big))


def test_an_allowance_grows_back() -> None:
    """By its rate, and never beyond what may be said at once."""
    clock = iter([0.0, 0.0, 0.0, 0.0, 0.1, 0.1, 60.0, 60.0, 60.0])
    allowance = Allowance(per_second=10, at_once=2, clock=clock.__next__)
    assert [allowance.take() for _ in range(8)] == [True, True, False, True, False, True, True, False]


class Client:
    """One that follows the documented rule; its list is the version of each notification's last change."""

    def __init__(self) -> None:
        self.version = 0
        self.shown: dict[str, int] = {}

    def hear(self, frame: dict[str, Any], inbox: tuple[int, dict[str, int]]) -> None:
        """`inbox`: version and list, as HTTP answers now."""
        if frame["version"] <= self.version:
            return
        if frame["version"] == self.version + 1 and frame["type"] == "notification_updated":
            self.version = frame["version"]
            self.shown[frame["notification"]["id"]] = frame["notification"]["at"]
        else:
            self.version, self.shown = inbox[0], dict(inbox[1])


async def test_whatever_was_left_out_a_client_ends_with_the_right_picture() -> None:
    """Frames late, lost and coalesced, the queue emptied at any time: the rule of versions is enough."""
    for seed in range(300):
        chance = random.Random(seed)
        outbox, client, truth = Outbox(), Client(), dict[str, int]()
        on_the_way: list[dict[str, Any]] = []
        for version in range(1, 31):
            is_bulk = chance.random() < 0.2
            ids = ["a", "b"] if is_bulk else [chance.choice("abc")]
            truth |= dict.fromkeys(ids, version)
            is_last = version == 30
            if is_last or chance.random() > 0.1:
                on_the_way.append(count(version) if is_bulk else updated(ids[0], version, at=version))
            while on_the_way and (is_last or chance.random() < 0.7):
                outbox.put(on_the_way.pop(chance.randrange(len(on_the_way))))
            while len(outbox) and (is_last or chance.random() < 0.4):
                client.hear(json.loads(await outbox.get()), (version, truth))
        assert client.shown == truth, seed
