"""What operators see of an entity in the Temporal Web UI: search attributes and current details, no personal data."""

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from punctual.calendar import local_text
    from punctual.protocol import Planned, Ref
    from punctual.timeline import Step

TENANT = SearchAttributeKey.for_keyword("PunctualTenant")
KIND = SearchAttributeKey.for_keyword("PunctualKind")
STAGE = SearchAttributeKey.for_keyword("PunctualStage")
ASSIGNEES = SearchAttributeKey.for_keyword_list("PunctualAssignees")
DUE = SearchAttributeKey.for_datetime("PunctualDue")
LARGEST_VALUE = 1_900
SEARCH_ATTRIBUTES = (TENANT, KIND, STAGE, ASSIGNEES, DUE)


def name(ref: Ref) -> None:
    """Lets a workflow that is no entity's be found by its tenant and kind."""
    known = workflow.info().typed_search_attributes
    wanted = [TENANT.value_set(ref.tenant), KIND.value_set(ref.kind)]
    if changes := [change for change in wanted if _differs(known, change)]:
        workflow.upsert_search_attributes(changes)


def show(ref: Ref, planned: Planned, steps: list[Step]) -> None:
    """Upserts the search attributes that changed, and rewrites the details."""
    known = workflow.info().typed_search_attributes
    changes = [change for change in _wanted(ref, planned) if _differs(known, change)]
    if changes:
        workflow.upsert_search_attributes(changes)
    lines = [f"**{planned.stage}**", ""]
    lines += [f"- {step.key}: {local_text(step.due_at, planned.zone)}" for step in steps]
    workflow.set_current_details("\n".join(lines))


def _wanted(ref: Ref, planned: Planned) -> list[SearchAttributeUpdate]:  # type: ignore[type-arg]
    # An attribute that has never been set reads as None, and so must what is set to nothing.
    due = DUE.value_set(planned.due) if planned.due else DUE.value_unset()
    named = _as_many_as_fit(planned.assignees)
    assignees = ASSIGNEES.value_set(named) if named else ASSIGNEES.value_unset()
    return [
        TENANT.value_set(ref.tenant),
        KIND.value_set(ref.kind),
        STAGE.value_set(planned.stage),
        assignees,
        due,
    ]


def _as_many_as_fit(ids: list[str]) -> list[str]:
    """The server refuses larger values, and ends the workflow over it."""
    kept: list[str] = []
    room = LARGEST_VALUE
    for id_ in ids:
        room -= len(id_) + len('"",')
        if room < 0:
            break
        kept.append(id_)
    return kept


def _differs(known: TypedSearchAttributes, change: SearchAttributeUpdate) -> bool:  # type: ignore[type-arg]
    return known.get(change.key) != change.value
