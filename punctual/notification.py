"""Single events: told once to whom they concern, at once or at a time; and the fields any of them may carry."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from punctual.kind import Kind
from punctual.policy import Policy
from punctual.urls import ActionUrl
from punctual.wire import Id, Instant, Line, Priority, Strict


class Recipients(Strict):
    """Whom an event names: people, all who have a role, all of a team, or the whole tenant."""

    user_ids: Annotated[list[Id], Field(max_length=1000)] = []
    roles: Annotated[list[Id], Field(max_length=50)] = []
    teams: Annotated[list[Id], Field(max_length=50)] = []
    everyone: StrictBool = False

    @model_validator(mode="after")
    def _somebody(self) -> "Recipients":
        if not (self.user_ids or self.roles or self.teams or self.everyone):
            raise ValueError("must name somebody: user_ids, roles, teams or everyone")
        return self

    @property
    def words(self) -> list[str]:
        """The audience in the words that notices use."""
        named = [f"user:{id_}" for id_ in self.user_ids]
        named += [f"role:{name}" for name in self.roles] + [f"team:{name}" for name in self.teams]
        return ["everyone"] if self.everyone else named


class Single(BaseModel):
    """The fields that every single event may carry; the rest is the notice's own, and its catalogue checks it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    recipients: Recipients | None = None
    priority: Priority | None = None
    action_url: ActionUrl | None = None
    action_text: Annotated[Line, StringConstraints(max_length=60)] | None = None
    expires_at: Instant | None = None
    send_at: Instant | None = None
    dedupe_key: Annotated[Line, StringConstraints(min_length=1, max_length=256)] | None = None
    metadata: dict[str, Any] = {}

    @model_validator(mode="after")
    def _sent_before_it_expires(self) -> "Single":
        if self.send_at and self.expires_at and self.expires_at <= self.send_at:
            raise ValueError("expires_at must be after send_at")
        return self


COMMON = frozenset(Single.model_fields)

KIND = Kind(
    name="notification",
    workflow="Notification",
    snapshot=Single,
    events={},
    default_policy=Policy(late_cutoff="P3650D"),
    due=lambda single: single.send_at,
    over=lambda single: None,
    timeline=lambda single, scene: [],
    reminder="",
    lasts=False,
)
