"""What events add up to does not depend on the order in which they arrive, nor on how often."""

import random

from hypothesis import given
from hypothesis import strategies as st

from punctual.appointment import KIND
from punctual.events import Event, mark
from punctual.lifecycle import Record, apply
from tests.core.strategies import lives


def _fold(events: list[Event]) -> Record:
    record = Record()
    for event in events:
        record, _ = apply(record, event, KIND)
    return record


def _by_the_book(events: list[Event]) -> tuple[bool, str]:
    """The contract's rule, read naively: sort, then go through them one by one."""
    closed, title = False, ""
    for event in sorted(events, key=lambda event: mark(event, KIND)):
        effect = KIND.events[event.type]
        if closed and effect == "changes":
            continue
        closed = effect == "closes"
        title = event.data["title"]
    return closed, title


@given(events=lives(), seed=st.integers(0, 2**32))
def test_any_order_and_any_number_of_copies_fold_to_what_the_contract_says(events: list[Event], seed: int) -> None:
    """Whether it is open, and whose snapshot it shows, equals the naive fold over the sorted events."""
    arrived = events * 3
    random.Random(seed).shuffle(arrived)
    record = _fold(arrived)
    assert record.current is not None
    assert (record.is_closed, record.current.snapshot["title"]) == _by_the_book(events)


@given(events=lives())
def test_the_newest_event_in_order_is_applied_or_closed_out(events: list[Event]) -> None:
    """Arriving in order, no event is ever stale."""
    record = Record()
    for event in sorted(events, key=lambda event: mark(event, KIND)):
        record, verdict = apply(record, event, KIND)
        assert verdict != "stale"


@given(events=lives(), seed=st.integers(0, 2**32))
def test_only_what_opens_can_follow_an_end(events: list[Event], seed: int) -> None:
    """Once closed, a newer event opens it only if it is a schedule or a move."""
    random.Random(seed).shuffle(events)
    record = Record()
    for event in events:
        was_closed = record.is_closed
        record, _ = apply(record, event, KIND)
        if was_closed and not record.is_closed:
            assert KIND.events[event.type] == "opens"


def test_at_the_same_instant_the_end_counts_last() -> None:
    """A terminal event wins over others of the same time, whatever their ids."""
    from tests.core.strategies import NOW, event

    ended, moved = event("cancelled", NOW, "a", NOW), event("rescheduled", NOW, "z", NOW)
    assert _fold([ended, moved]).is_closed
    assert _fold([moved, ended]).is_closed
