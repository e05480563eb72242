"""The catalogue: every type the product ships with is declared whole, reads well in both languages, and is safe."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import catalogue
from activities.rendering import render
from catalogue import Notice
from punctual.channels import CHANNELS
from punctual.notification import Single
from punctual.registry import ALIASES, ENTITIES
from tests.golden import LOCALES

NOTICES = catalogue.load()
FOLDER = "templates/notices"

# type: priority, then the audience
TYPES = """
appointment.scheduled: normal, assignees
appointment.updated: normal, assignees
appointment.rescheduled: high, assignees
appointment.confirmed: normal, assignees
appointment.cancelled: high, assignees
appointment.completed: normal, assignees
appointment.missed: normal, assignees
appointment.reminder: high, assignees
appointment.outcome_missing: high, assignees
follow_up.created: normal, assignees
follow_up.updated: normal, assignees
follow_up.rescheduled: normal, assignees
follow_up.reassigned: normal, assignees, previous_assignees
follow_up.completed: normal, assignees, creator
follow_up.cancelled: normal, assignees
follow_up.reminder: high, assignees
follow_up.overdue: urgent, assignees
task.assigned: normal, assignees
task.updated: normal, assignees
task.completed: normal, assignees, creator
task.cancelled: normal, assignees
task.reminder: normal, assignees
task.overdue: high, assignees
ticket.created: normal, assignees
ticket.assigned: normal, assignees
ticket.updated: normal, assignees
ticket.message: normal, assignees, requester
ticket.callback: high, assignees
ticket.resolved: normal, assignees
ticket.closed: normal, assignees
ticket.reopened: normal, assignees
ticket.reminder: high, assignees
ticket.callback_due: high, assignees
ticket.response_overdue: urgent, assignees
ticket.overdue: urgent, assignees
escalation.acknowledged: normal, chain
escalation.exhausted: urgent, role:admin
customer.created: normal, creator, role:business_admin, role:store_manager
customer.updated: normal, creator, role:business_admin, role:store_manager
customer.deleted: normal, creator, role:business_admin, role:store_manager
lead.created: high, assignees, managers
lead.stage_changed: high, assignees
lead.assigned: high, assignees, previous_assignees
lead.status_changed: high, assignees
telecalling.call_assigned: normal, agent
telecalling.call_completed: normal, agent
telecalling.call_missed: high, agent
telecalling.callback_requested: normal, agent
sale.created: normal, seller
sale.completed: normal, seller
inventory.low_stock: high, everyone
inventory.adjusted: normal, role:store_manager
stock_transfer.requested: high, from_team, to_team, requester
stock_transfer.approved: normal, from_team, to_team, requester
stock_transfer.completed: normal, from_team, to_team, requester
stock_transfer.cancelled: normal, from_team, to_team, requester
order.ready: normal, requester
payment.received: high, payee
user.welcome: normal, user
user.registered: normal, role:admin
user.role_changed: high, user
user.activated: high, user
user.deactivated: high, user
security.login_failed: urgent, user
security.password_changed: high, user
system.alert: urgent, role:admin, role:staff
system.update: normal, everyone
system.maintenance: normal, everyone
contact.received: normal, role:admin
contact.replied: normal, author
contact.status_changed: normal, author
contact.auto_reply: normal, author
song.uploaded: normal, uploader
song.approved: high, artist
song.rejected: high, artist
digest.daily: low, user
digest.weekly: low, user
quiet_hours.summary: normal, user
announcement: normal
custom: normal
test: normal, user
"""
TABLE = {
    type_: (priority, audience)
    for type_, _, rest in (line.partition(": ") for line in TYPES.strip().splitlines())
    for priority, *audience in [rest.split(", ")]
}
OLD_NAMES = {
    "appointment_created": "appointment.scheduled",
    "appointment_updated": "appointment.updated",
    "appointment_reminder": "appointment.reminder",
    "FOLLOWUP_REMINDER": "follow_up.reminder",
    "FOLLOWUP_OVERDUE": "follow_up.overdue",
    "task.done": "task.completed",
    "task.closed": "task.completed",
    "welcome_message": "user.welcome",
    "admin_alert": "system.alert",
    "system_maintenance": "system.maintenance",
}
every_type = pytest.mark.parametrize("notice", NOTICES.values(), ids=lambda notice: notice.type)


def test_every_type_has_its_files() -> None:
    """What the product promises to tell has a file, and each file is in the table above."""
    missing = sorted(f"add {FOLDER}/{type_}.md" for type_ in TABLE.keys() - NOTICES.keys())
    missing += sorted(f"add a line for {type_} to the table in this test" for type_ in NOTICES.keys() - TABLE.keys())
    for notice in NOTICES.values():
        missing += [f"add {FOLDER}/{locale}/{notice.type}.md" for locale in LOCALES if locale not in notice.words]
    assert not missing, "\n".join(missing)


@pytest.mark.parametrize("kind", ENTITIES.values(), ids=lambda kind: kind.name)
def test_all_that_an_entity_tells_has_a_notice(kind: Any) -> None:
    """Each event by the name it is told by, and the reminder; and their data is that kind's snapshot."""
    told = {kind.notice(type_) for type_ in kind.events} | {kind.reminder}
    assert not [f"add {FOLDER}/{type_}.md" for type_ in sorted(told) if type_ not in NOTICES]
    assert {NOTICES[type_].entity for type_ in told} == {kind.name}


@every_type
def test_priority_and_audience_are_the_promised_ones(notice: Notice) -> None:
    """As in the table above."""
    assert (notice.about.priority, notice.about.audience) == TABLE[notice.type]


def test_critical_stages_of_a_lead_also_tell_the_manager() -> None:
    """Won, lost and invoice sent, however the CRM spells them; no other stage."""
    stage_changed = NOTICES["lead.stage_changed"]
    for stage in ("won", "lost", "invoice_sent", "Won", "Invoice sent", "INVOICE-SENT"):
        assert stage_changed.audience({"stage": stage}) == ["assignees", "managers"]
    for data in ({"stage": "contacted"}, {"stage": None}, {}):
        assert stage_changed.audience(data) == ["assignees"]


def test_whoever_did_it_is_not_told_of_it() -> None:
    """The author of a ticket's message, and the one who acknowledged."""
    message = {"id": "m1", "author_id": "ben", "text": "Hello"}
    assert NOTICES["ticket.message"].spared({"message": message}) == {"ben"}
    assert NOTICES["escalation.acknowledged"].spared({"acknowledged_by": "ravi"}) == {"ravi"}
    assert NOTICES["ticket.message"].spared({"message": None}) == set()
    assert NOTICES["ticket.message"].spared({}) == set()


def test_digests_are_quiet() -> None:
    """They wait in the inbox and come by mail; a newer one takes the place of the last."""
    for type_ in ("digest.daily", "digest.weekly"):
        about = NOTICES[type_].about
        assert (about.category, about.channels, about.collapse) == ("digests", ["inbox", "email"], type_)


@every_type
def test_each_audience_can_be_found_in_the_data(notice: Notice) -> None:
    """A notice for a seller declares who that is."""
    fields = {"assignees": {"assignee_ids"}, "previous_assignees": {"previous_assignee_ids"}}
    fields |= {team: {team} for team in ("from_team", "to_team")}
    for word in notice.audience(notice.about.example):
        if word not in ("managers", "everyone", "chain") and not word.startswith("role:"):
            assert fields.get(word, {f"{word}_id"}) <= set(notice.fields)


def test_old_names_are_accepted() -> None:
    """The names that older systems use, and those of entity events are the ones that events are parsed by."""
    aliases = catalogue.aliases(NOTICES)
    assert aliases == OLD_NAMES
    events = {type_ for kind in ENTITIES.values() for type_ in kind.events}
    assert {alias: type_ for alias, type_ in aliases.items() if type_ in events} == ALIASES


def test_only_security_passes_a_mute() -> None:
    """Nothing else may insist."""
    assert {type_ for type_, notice in NOTICES.items() if notice.about.mandatory} == {
        "security.login_failed", "security.password_changed",
    }  # fmt: skip


@every_type
def test_each_example_can_be_posted_and_lies_ahead(notice: Notice) -> None:
    """It is good data for its type, and nothing in it is due at once or comes from the sender's clock."""
    example = notice.about.example
    assert notice.problems(example) == []
    if notice.entity is None:
        Single.model_validate(example)
    assert not {"send_at", "expires_at"} & example.keys()
    instants = [value for value in example.values() if isinstance(value, str) and value.endswith(":00Z")]
    assert all(datetime.fromisoformat(value).year >= 2027 for value in instants)


@every_type
def test_data_is_checked_by_what_the_notice_declares(notice: Notice) -> None:
    """What is missing, and what nobody declared, is named; what every event may carry is not its business."""
    example = notice.about.example
    for name in notice.required:
        found = notice.problems({key: value for key, value in example.items() if key != name})
        assert [(problem.path, problem.detail) for problem in found] == [(("data", name), "is required")]
    (problem,) = notice.problems({**example, "surprise": 1})
    assert (problem.path, problem.detail) == (("data", "surprise"), "is not a known field")
    assert notice.problems({**example, "dedupe_key": 1, "expires_at": "never"}) == []


def test_data_is_kept_in_one_form() -> None:
    """Texts without spaces around them, instants in UTC, local times resolved."""
    call = NOTICES["telecalling.call_missed"]
    kept = call.normal({"id": "1", "customer_name": " Meera ", "missed_at": "2027-11-19T15:30:00+05:30"})
    assert kept == {"id": "1", "customer_name": "Meera", "missed_at": "2027-11-19T10:00:00Z"}
    local = {**NOTICES["follow_up.reminder"].about.example, "due_at": "2027-11-19T15:30:00"}
    assert NOTICES["follow_up.reminder"].normal(local)["due_at"] == "2027-11-19T10:00:00Z"


NEW = """\
---
category: sales
priority: high
audience: [requester, managers]
action_text: Track parcel
lifetime: P2D
aliases: [PARCEL_DELIVERED]
fields:
  id: id
  requester_id: id?
  place: line?
example: {id: "1", requester_id: asha, place: reception}
---
# Parcel {{ id }}

Your parcel is here{{ (", at the " ~ place) if place }}.
"""


def test_a_new_type_is_one_file(tmp_path: Path) -> None:
    """Loaded, listed, checked and rendered, with nothing else touched."""
    folder = shutil.copytree(catalogue.NOTICES, tmp_path / "notices")
    (folder / "parcel.delivered.md").write_text(NEW)
    found = catalogue.load(folder)
    assert found.keys() - NOTICES.keys() == {"parcel.delivered"}
    assert catalogue.aliases(found)["PARCEL_DELIVERED"] == "parcel.delivered"
    notice = found["parcel.delivered"]
    assert notice.public == {
        "type": "parcel.delivered", "category": "sales", "priority": "high", "channels": list(CHANNELS),
        "mandatory": False, "digestible": False, "audience": ["requester", "managers"], "entity": None,
        "fields": ["id", "requester_id", "place"], "required": ["id"], "lifetime": "P2D",
        "aliases": ["PARCEL_DELIVERED"], "example": {"id": "1", "requester_id": "asha", "place": "reception"},
    }  # fmt: skip
    assert [problem.path for problem in notice.problems({"place": "x"})] == [("data", "id")]
    text = render(notice, {"id": "7"}, locale="hi", timezone="UTC", now=datetime.now(UTC) + timedelta(days=1))
    assert text == ("Parcel 7", "Your parcel is here.", "Track parcel")
