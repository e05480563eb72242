"""What events add up to does not depend on the order in which they arrive, nor on how often."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from punctual.appointment import KIND
from punctual.events import Event, mark
from punctual.kind import Kind
from punctual.lifecycle import Record, apply
from punctual.registry import ENTITIES
from tests.core.strategies import NOW, event, lives

of_every_kind = pytest.mark.parametrize("kind", ENTITIES.values(), ids=ENTITIES)


def _fold(events: list[Event], kind: Kind[Any]) -> Record:
    record = Record()
    for each in events:
        record, _ = apply(record, each, kind)
    return record


def _by_the_book(events: list[Event], kind: Kind[Any]) -> tuple[bool, dict[str, Any]]:
    """The contract's rule, read naively: sort, then go through them one by one."""
    closed, snapshot = False, {}
    for each in sorted(events, key=lambda event: mark(event, kind)):
        effect = kind.events[each.type]
        if closed and effect == "changes":
            continue
        closed = effect == "closes"
        snapshot = each.data
    return closed, snapshot


@of_every_kind
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_any_order_and_any_number_of_copies_fold_to_what_the_contract_says(
    kind: Kind[Any], data: st.DataObject, seed: int
) -> None:
    """Whether it is open, and whose snapshot it shows, equals the naive fold over the sorted events."""
    events = data.draw(lives(kind))
    arrived = events * 3
    random.Random(seed).shuffle(arrived)
    record = _fold(arrived, kind)
    assert record.current is not None
    assert (record.is_closed, record.current.snapshot) == _by_the_book(events, kind)


@of_every_kind
@given(data=st.data())
def test_the_newest_event_in_order_is_applied_or_closed_out(kind: Kind[Any], data: st.DataObject) -> None:
    """Arriving in order, no event is ever stale."""
    record = Record()
    for each in sorted(data.draw(lives(kind)), key=lambda event: mark(event, kind)):
        record, verdict = apply(record, each, kind)
        assert verdict != "stale"


@of_every_kind
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_only_what_opens_can_follow_an_end(kind: Kind[Any], data: st.DataObject, seed: int) -> None:
    """Once closed, a newer event opens it only if it is of a type that does: a schedule, a move, a reopening."""
    events = data.draw(lives(kind))
    random.Random(seed).shuffle(events)
    record = Record()
    for each in events:
        was_closed = record.is_closed
        record, _ = apply(record, each, kind)
        if was_closed and not record.is_closed:
            assert kind.events[each.type] == "opens"


def test_at_the_same_instant_the_end_counts_last() -> None:
    """A terminal event wins over others of the same time, whatever their ids."""
    ended, moved = event("cancelled", NOW, "a", NOW), event("rescheduled", NOW, "z", NOW)
    assert _fold([ended, moved], KIND).is_closed
    assert _fold([moved, ended], KIND).is_closed
