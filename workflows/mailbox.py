"""What has been said to an entity and not yet been planned: handlers put it here and do nothing else."""

import re
from typing import Any

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from punctual import events
    from punctual.errors import InvalidEvent
    from punctual.protocol import Act, Answer, Heard, Ref, Refusal

# The server takes 2 MiB in one payload. A refusal's text is bounded.
LARGEST_REQUEST = 1_000_000
MOST_REFUSALS = 200
# Each event is planned with in its turn, and a plan has seconds.
MOST_EVENTS = 100
_TYPE = re.compile(r"[A-Za-z_]{1,40}(\.[a-z_]{1,40})?\Z")
# What a handler is given by a caller who gave nothing.
NOTHING = RawValue(Payload())


class Mailbox:
    """Events and refusals in the order they came."""

    def __init__(self, ref: Ref, *, started: bool) -> None:
        self._ref = ref
        self._started = started
        self.heard: list[Heard] = []
        self.refused: list[Refusal] = []
        self.acts: list[Act] = []
        self.answers: dict[str, Answer] = {}
        self.replan = False

    def __bool__(self) -> bool:
        return bool(self.heard or self.refused or self.acts or self.replan)

    def take(self) -> tuple[list[Heard], list[Refusal]]:
        """As much as one request to plan can carry, at least one event; what is left stays for the next."""
        self._started, self.replan = True, False
        room, count = LARGEST_REQUEST, 0
        for item in self.heard:
            room -= len(item.model_dump_json())
            if count and (room < 0 or count >= MOST_EVENTS):
                break
            count += 1
        heard, self.heard = self.heard[:count], self.heard[count:]
        refused, self.refused = self.refused[:MOST_REFUSALS], self.refused[MOST_REFUSALS:]
        return heard, refused

    def put_back(self, heard: list[Heard], refused: list[Refusal]) -> None:
        """What was taken and not planned after all."""
        self.heard, self.refused = heard + self.heard, refused + self.refused

    async def ask(self, act: Act) -> Answer:
        """What came of an act, once it has been planned with."""
        self.acts.append(act)
        await workflow.wait_condition(lambda: act.id in self.answers)
        return self.answers.pop(act.id)

    def put(self, raw: RawValue) -> None:
        """Takes an event in whatever shape it came; never raises, for a signal that raises would wedge the entity."""
        body = decoded(raw)
        now = workflow.now()
        try:
            event = events.parse(body, now=now, kind=self._ref.kind, entity_id=self._ref.id)
        except InvalidEvent as error:
            self._refuse(body, str(error))
        except Exception as error:
            workflow.logger.exception("an event could not be read")
            self._refuse(body, f"could not be read: {type(error).__name__}")
        else:
            # What waited for us before our first task was accepted when the workflow was started.
            at = event.punctualaccepted or (now if self._started else workflow.info().start_time)
            self.heard.append(Heard(event=event, at=min(at, now)))

    def _refuse(self, body: Any, detail: str) -> None:
        named = body.get("type") if isinstance(body, dict) else None
        type_ = named if isinstance(named, str) and _TYPE.match(named) else "unknown"
        self.refused.append(Refusal(key=events.refusal_key(body), type=type_, detail=detail[:2000].replace("\0", "")))


def decoded(raw: RawValue) -> Any:
    """The JSON in a payload; what cannot be read is a text that says so, and is then refused like any other."""
    if raw is NOTHING:
        return None
    try:
        return workflow.payload_converter().from_payload(raw.payload)
    except Exception as error:
        return f"unreadable payload: {type(error).__name__}"
