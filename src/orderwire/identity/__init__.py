"""Whom a record is about, and what may be sent to them: pure decisions over values."""

from orderwire.identity.consent import REFUSALS, Standing, Verdict, Weighing, in_force, judged, weigh
from orderwire.identity.identifiers import Identifier, Identifiers, e164, email_key, identifiers_of
from orderwire.identity.matching import Match, match
from orderwire.identity.profile import DEVICES_SHOWN, Profile, described, join, named_by

__all__ = [
    "DEVICES_SHOWN",
    "REFUSALS",
    "Identifier",
    "Identifiers",
    "Match",
    "Profile",
    "Standing",
    "Verdict",
    "Weighing",
    "described",
    "e164",
    "email_key",
    "identifiers_of",
    "in_force",
    "join",
    "judged",
    "match",
    "named_by",
    "weigh",
]
