"""What a step's notice says to one person: its data made whole, its words rendered, its actions."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from activities.rendering import allowed_link, render
from catalogue import Notice
from punctual.acts import REMIND_NOW
from punctual.fields import known_category
from punctual.kind import Kind
from punctual.people import in_language
from punctual.protocol import Ref
from punctual.registry import KINDS
from punctual.timeline import Entry, Step
from punctual.wire import delta
from store import directory
from store.directory import User
from store.engine import Connection
from store.entities import Entity
from store.inbox import Notification
from store.keys import row_id

ESCALATION = "escalation."
ACKNOWLEDGE = {"en": "Acknowledge", "hi": "ज़िम्मेदारी लें"}


async def data_of(db: Connection, ref: Ref, entity: Entity, told: Entry, notice: Notice) -> dict[str, Any]:
    """What the notice's words are about: the entity as it now is, what the event itself said, and people's names."""
    kind: Kind[Any] = KINDS[ref.kind]
    snapshot = entity.snapshot or {}
    if not kind.lasts:
        common = {name: value for name, value in snapshot.items() if name in kind.snapshot.model_fields}
        return {**notice.normal(snapshot), **common}
    said = {name: told.data.get(name) for name in kind.own_words.get(told.step.type, ())}
    relieved = told.data.get("previous_assignee_ids")
    by = told.data.get("acknowledged_by")
    assigned: list[str] = snapshot.get("assignee_ids", [])
    people = await directory.get(db, ref.tenant, [*assigned, *([by] if by else [])])
    names = ", ".join(people[id_].name for id_ in assigned if id_ in people)
    deadline = told.step.deadline.isoformat() if told.step.deadline else None
    data = {**snapshot, **said, "assignee_names": names, "deadline": deadline}
    if relieved:
        data["previous_assignee_ids"] = relieved
    if told.step.type.startswith(ESCALATION):
        title = snapshot.get("title") or snapshot.get("subject", "")
        data |= {"kind": ref.kind, "title": title, "acknowledged_by": by}
        data["acknowledged_by_name"] = people[by].name if by in people else None
    return data


def can_be_acknowledged(step: Step, entity: Entity) -> bool:
    """Whether what a step tells is something that somebody has to take."""
    if step.stage == "notice":
        return is_late_reminder(step) and entity.state in ("overdue", "escalated")
    return step.is_alarm


def is_late_reminder(step: Step) -> bool:
    """Whether somebody asked that those responsible be reminded of what is overdue."""
    # A reminder of what lies ahead is pointless from then on.
    return step.key.startswith(REMIND_NOW) and step.deadline is not None and step.announces is None


class Writer:
    """Writes notifications; absolute links lead to `action_hosts` only."""

    def __init__(self, notices: Mapping[str, Notice], action_hosts: Collection[str]) -> None:
        self._notices = notices
        self._action_hosts = action_hosts

    def write(
        self, ref: Ref, told: Entry, notice: Notice, data: Mapping[str, Any], user: User, now: datetime, *,
        late: bool,
    ) -> Notification:  # fmt: skip
        """The notification for one person, in their language and zone; what is `late` can be acknowledged."""
        title, message, action_text = render(notice, data, locale=user.locale, timezone=user.timezone, now=now)
        action_text = data.get("action_text") or action_text
        url = allowed_link(data.get("action_url"), self._action_hosts)
        actions = [{"action": "open", "title": action_text}] if url else []
        if late:
            actions.append({"action": "acknowledge", "title": in_language(ACKNOWLEDGE, user.locale)})
        return Notification(
            id=row_id(ref, told.step.key, user.id, ""),
            user_id=user.id, kind=ref.kind, entity_id=ref.id, step_key=told.step.key,
            type=notice.type, category=self._category(ref, notice, data),
            priority=_priority(ref, notice, data),
            title=title, message=message, action_url=url, action_text=action_text if url else None,
            actions=actions, metadata=data.get("metadata") or {}, listed="inbox" in notice.about.channels,
            created_at=now, expires_at=_expiry(told, notice, now),
        )  # fmt: skip

    def _category(self, ref: Ref, notice: Notice, data: Mapping[str, Any]) -> str:
        """As the event says, where its notice lets it; an entity's escalation belongs to the entity."""
        if "category" in notice.about.fields and data.get("category"):
            return known_category(str(data["category"]))
        if notice.type.startswith(ESCALATION) and KINDS[ref.kind].reminder in self._notices:
            return self._notices[KINDS[ref.kind].reminder].about.category
        return notice.about.category


def _priority(ref: Ref, notice: Notice, data: Mapping[str, Any]) -> str:
    """A single event may say how urgent it is; a ticket's `priority` is its own, and not its notice's."""
    given = data.get("priority") if ref.kind == "notification" and "priority" not in notice.fields else None
    return given or notice.about.priority


def _expiry(told: Entry, notice: Notice, now: datetime) -> datetime | None:
    """When it stops to matter: as the event says, or by its type's lifetime."""
    if told.step.stage == "notice" and told.step.announces is not None:
        return told.step.announces
    return now + delta(notice.about.lifetime) if notice.about.lifetime else None
