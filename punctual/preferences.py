"""Which channels a notification takes to one person, at once or later, and why not the others."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictBool, StringConstraints, ValidationError

from punctual.channels import CHANNELS
from punctual.digests import Digest, next_digest
from punctual.fields import known_category
from punctual.quiet_hours import QuietHours, quiet_until
from punctual.wire import Strict, where

IMPORTANT = frozenset({"high", "urgent"})
DIGESTS = "digests"
ORDER = ("low", "normal", "high", "urgent")


def known_channel(name: str) -> str:
    """`name` if it is a channel; else ValueError."""
    if name not in CHANNELS:
        raise ValueError(f"is not a channel: {', '.join(CHANNELS)}")
    return name


Switches = dict[Annotated[str, AfterValidator(known_channel)], StrictBool]
Category = Annotated[str, AfterValidator(known_category)]
TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]{1,40}(\.[a-z_]{1,40})?$")]


class Preferences(Strict):
    """What somebody has chosen. A channel that no map names follows its default.

    `true` carries everything that the map is about, `false` nothing; the narrowest map that names the channel counts.
    """

    channels: Switches = {}
    categories: dict[Category, Switches] = {}
    types: Annotated[dict[TypeName, Switches], Field(max_length=500)] = {}
    quiet_hours: QuietHours = QuietHours()
    digest: Digest = Digest()

    def choice(self, channel: str, category: str, type_: str) -> bool | None:
        """What was chosen for a channel and a notification; None: nothing."""
        maps: tuple[Mapping[str, bool], ...] = (
            self.types.get(type_, {}), self.categories.get(category, {}), self.channels,
        )  # fmt: skip
        return next((map_[channel] for map_ in maps if channel in map_), None)


def kept(body: Mapping[str, Any]) -> Preferences:
    """Preferences as they were stored, without what today's code does not know: a channel that is gone, say."""
    left = deepcopy(dict(body))
    while True:
        try:
            return Preferences.model_validate(left)
        except ValidationError as error:
            for path in {where(item) for item in error.errors()}:
                _drop(left, path)


def _drop(body: dict[str, Any], path: tuple[int | str, ...]) -> None:
    """Takes out what is at the path, as near to its end as maps go."""
    for part in path[:-1]:
        inner = body.get(str(part))
        if not isinstance(inner, dict):
            body.pop(str(part), None)
            return
        body = inner
    body.pop(str(path[-1]), None)


@dataclass(frozen=True)
class About:
    """What of a notification decides how it travels."""

    type: str
    category: str
    priority: str
    mandatory: bool = False
    digestible: bool = False


@dataclass(frozen=True)
class Decision:
    """An outcome of the ledger with its reason; what is deferred, until when."""

    outcome: Literal["planned", "withheld", "deferred"]
    reason: Literal["preference", "quiet_hours", "digest"] | None = None
    until: datetime | None = None


PLANNED = Decision("planned")
MUTED = Decision("withheld", "preference")


def concerns(chosen: Preferences, channel: str, about: About) -> bool:
    """Whether there is anything to decide: a channel for what was chosen is no matter for anybody else."""
    if CHANNELS[channel].default != "chosen":
        return True
    return chosen.choice(channel, about.category, about.type) is True


def brings_digests(chosen: Preferences, channel: str) -> bool:
    """Whether somebody gets digests by a channel."""
    frequency = chosen.digest.frequency
    wanted = chosen.choice(channel, DIGESTS, f"digest.{frequency}") is not False
    return CHANNELS[channel].digests and frequency != "off" and wanted


def _can_wait(chosen: Preferences, channel: str, about: About) -> bool:
    """Whether it may wait for a digest, of which the user has not said that the channel must not bring it."""
    return about.digestible and about.priority not in IMPORTANT and brings_digests(chosen, channel)


def decide(chosen: Preferences, channel: str, about: About, zone_name: str, now: datetime) -> Decision:
    """Whether `channel` carries a notification to somebody whose zone is `zone_name`, and when.

    Mandatory types pass every mute and the quiet; urgent ones pass the quiet unless the user said no.
    """
    spec = CHANNELS[channel]
    choice = chosen.choice(channel, about.category, about.type)
    by_default = spec.default == "always" or (spec.default == "important" and about.priority in IMPORTANT)
    if about.mandatory:
        return PLANNED if by_default or choice else MUTED
    if _can_wait(chosen, channel, about) and choice is not False:
        digest_at = next_digest(chosen.digest, zone_name, now)
        if digest_at is not None:
            return Decision("deferred", "digest", digest_at)
    if not (by_default if choice is None else choice):
        return MUTED
    if not spec.slow or (about.priority == "urgent" and chosen.quiet_hours.let_urgent_through):
        return PLANNED
    until = quiet_until(chosen.quiet_hours, zone_name, now)
    return Decision("deferred", "quiet_hours", until) if until else PLANNED
