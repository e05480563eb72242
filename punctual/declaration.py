"""What a notification type declares besides its words: the front matter of its file."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from punctual.channels import CHANNELS
from punctual.fields import TYPES, known_category
from punctual.notification import COMMON
from punctual.registry import ENTITIES
from punctual.wire import PositiveDuration, Strict


def _known_channel(name: str) -> str:
    if name not in CHANNELS:
        raise ValueError(f"is not a channel: {', '.join(CHANNELS)}")
    return name


def _known_entity(name: str) -> str:
    if name not in ENTITIES:
        raise ValueError(f"is not a kind of entity: {', '.join(ENTITIES)}")
    return name


def _field_type(name: str) -> str:
    if name.removesuffix("?") not in TYPES:
        raise ValueError(f"is not a type of field: {', '.join(TYPES)}, each with ? when it is optional")
    return name


Word = Annotated[
    str,
    StringConstraints(
        pattern=r"^(assignees|previous_assignees|creator|requester|agent|seller|payee|uploader|artist|author|user"
        r"|from_team|to_team|managers|everyone|chain|role:[A-Za-z0-9._~-]{1,128})$"
    ),
]
"""Whom a notice is for, as a name: fields of the data (`assignees` is `assignee_ids` or `assignee_id`, `creator` is
`creator_id`, …), the managers of those named before it, or people of the directory."""
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def key(text: str) -> str:
    """A value of a list of choices as the same thing however it is written: `Invoice sent` is `invoice_sent`."""
    return "_".join(text.replace("-", " ").replace("_", " ").casefold().split())


class Also(Strict):
    """A further audience, for data whose fields have one of these values."""

    to: Annotated[list[Word], Field(min_length=1)]
    when: Annotated[dict[str, list[str]], Field(min_length=1)]

    def holds(self, data: Mapping[str, Any]) -> bool:
        """Whether each field has one of its values; `Invoice sent` counts as `invoice_sent`."""
        return all(key(str(data.get(name))) in map(key, values) for name, values in self.when.items())


class FrontMatter(Strict):
    """What a notice declares besides its words."""

    category: Annotated[str, AfterValidator(known_category)]
    priority: Literal["low", "normal", "high", "urgent"]
    audience: list[Word]
    """Empty: the event's own `recipients` decide."""
    also: list[Also] = []
    not_to: list[Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[a-z_]+)?$")]] = []
    """Fields of the data, such as `message.author_id`, that name who did it and need not be told."""
    action_text: str
    entity: Annotated[str, AfterValidator(_known_entity)] | None = None
    """The kind whose snapshot the data is; without it, `fields` say what the data is."""
    fields: dict[FieldName, Annotated[str, AfterValidator(_field_type)]] = {}
    channels: Annotated[list[Annotated[str, AfterValidator(_known_channel)]], Field(min_length=1)] = list(CHANNELS)
    collapse: str = ""
    """Notices with the same collapse key replace one another on a device; empty: the entity and the type."""
    lifetime: PositiveDuration | None = None
    """How long the notification matters; without it, for ever."""
    mandatory: bool = False
    digestible: bool = False
    announcement: bool = False
    """Whether it is also shown at once to everybody who looks at a page."""
    aliases: list[str] = []
    example: dict[str, Any]

    @model_validator(mode="after")
    def _one_shape(self) -> "FrontMatter":
        if self.entity is not None and self.fields:
            raise ValueError("has entity and fields; an entity's fields are those of its snapshot")
        if taken := COMMON.intersection(self.fields):
            raise ValueError(f"declares {', '.join(sorted(taken))}, which every event may carry")
        return self
