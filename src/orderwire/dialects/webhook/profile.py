"""Outgoing webhooks as data."""

from __future__ import annotations

from orderwire.dialects.contract import (
    Budget,
    Capability,
    Confirmation,
    History,
    Option,
    Profile,
    Resend,
    Route,
    Semantics,
    Window,
)
from orderwire.model import Kind

ROUTE = Route(
    name="message",
    budget="calls",
    resend=Resend.DEDUPLICATED,
    semantics=Semantics.EVENT,
    history=History.QUIET,
    confirmation=Confirmation.IN_REPLY,
    max_weight=1,
    max_bytes=1_000_000,
    max_item_bytes=1_000_000,
    frame_bytes=0,
    note="the receiver counts a message once by its id; one that is no news says so in `is_historical`",
)
PROFILE = Profile(
    name="webhook",
    title="Webhook",
    revision="1",
    base_url="",
    budgets=(Budget(name="calls", windows=(Window(100, 1.0),), concurrency=16, source="ours"),),
    routes=(ROUTE,),
    capabilities={
        kind: Capability(called="erasure message", note="by the erasure call")
        if kind is Kind.PERSON_FORGOTTEN
        else Capability(routes=(ROUTE.name,), called=f"{kind.value}.<name>" if kind is Kind.CUSTOM else kind.value)
        for kind in Kind
    },
    options=(
        Option(name="history", default=False, help="Post what is no news too, marked `is_historical`."),
        Option(name="allow_private", default=False, help="Post to addresses of private networks and this machine."),
    ),
    key_help="A secret of your own for the signatures, best `whsec_` and base64 of 24 to 64 random bytes; two with a "
    "space between while it is changed.",
    automations_help="Nothing: history is not posted unless the option `history` says so.",
    erasure="A message `person.forgotten` with the person's identifiers.",
    identity_precedence=("external_id", "email", "phone", "anonymous_id"),
    takes_anonymous=True,
    is_marketing=False,
    is_address_given=True,
)
