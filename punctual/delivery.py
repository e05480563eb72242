"""What becomes of a step or a delivery: the outcomes of the contract and the reasons each may have."""

REASONS: dict[str, frozenset[str]] = {
    outcome: frozenset(reasons.split())
    for outcome, reasons in {
        "planned": "",
        "sent": "",
        "delivered": "",
        "opened": "",
        "clicked": "",
        "deferred": "quiet_hours digest snoozed",
        "withheld": "preference unsubscribed bounced no_address no_subscription channel_off inactive unknown_user"
        " budget unreachable acknowledged",
        "superseded": "rescheduled reassigned cancelled closed stale replanned",
        "skipped": "past late",
        "expired": "expired",
        "failed": "provider_error rejected timeout",
        "unknown": "ambiguous",
    }.items()
}

ACCEPTED = ("sent", "delivered", "opened", "clicked")
"""How far a delivery got that its channel has accepted, each beyond the one before."""
