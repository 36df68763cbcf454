"""What a record states about permission: never more than it says.

`status` is a choice made now. `initial_status` is only what becomes of somebody new: `active` a permission without a
date, which any dated statement outweighs, and `unsubscribed` that nobody asked them, because shops send it with every
order. A record with neither states nothing, although Drip itself would subscribe whoever is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from orderwire.dialects.doorway import Wanted
from orderwire.dialects.drip.door.turn import Met, Turn
from orderwire.dialects.drip.door.values import instant, text
from orderwire.model import Channel, Consent, ConsentState, Identity, Kind

ACTIVE, UNSUBSCRIBED, UNDELIVERABLE = "active", "unsubscribed", "undeliverable"
STATUS = {
    ConsentState.SUBSCRIBED: ACTIVE,
    ConsentState.UNSUBSCRIBED: UNSUBSCRIBED,
    ConsentState.NEVER_ASKED: UNSUBSCRIBED,
    ConsentState.SUPPRESSED: UNDELIVERABLE,
}
"""What Drip calls a permission; whoever stated nothing is shown as unsubscribed."""
_STATED = {ACTIVE: ConsentState.SUBSCRIBED, UNSUBSCRIBED: ConsentState.UNSUBSCRIBED}
_HINTED = {ACTIVE: ConsentState.SUBSCRIBED, UNSUBSCRIBED: ConsentState.NEVER_ASKED}


def state_email(
    turn: Turn, met: Met, record: Mapping[str, Any], call: str, raw: bytes = b"", *, is_imported: bool = False
) -> None:
    """What a record's `status` or `initial_status` says of a person."""
    turn.revive(met)
    if not met.identity.email:
        met.has_come = True
        return
    origin = f"drip/{call}"
    stated, hinted = _STATED.get(record.get("status", "")), _HINTED.get(record.get("initial_status", ""))
    if stated is not None:
        consent = Consent(
            identity=met.identity,
            channel=Channel.EMAIL,
            state=stated,
            changed_at=instant(record.get("status_updated_at")) or turn.call.received_at,
            origin=origin,
            ip_address=text(record.get("ip_address")) or None,
            user_agent=text(record.get("user_agent")) or None,
        )
        _say(turn, met, consent, raw, is_imported=is_imported)
    elif hinted is not None and met.is_new:
        consent = Consent(identity=met.identity, channel=Channel.EMAIL, state=hinted, origin=origin)
        _say(turn, met, consent, raw, is_imported=is_imported)
    met.has_come = True


def state_sms(
    turn: Turn, met: Met, record: Mapping[str, Any], call: str, raw: bytes = b"", *, is_imported: bool = False
) -> None:
    """What a subscriber's `sms_consent` says; it needs the number, given now or known."""
    granted = record.get("sms_consent")
    if not isinstance(granted, bool):
        return
    phone = text(record.get("sms_number")) or met.identity.phone
    identity = replace(met.identity, phone=phone) if phone else met.identity
    if granted and not phone:
        return
    consent = Consent(
        identity=identity,
        channel=Channel.SMS,
        state=ConsentState.SUBSCRIBED if granted else ConsentState.UNSUBSCRIBED,
        changed_at=turn.call.received_at,
        origin=f"drip/{call}",
    )
    _say(turn, met, consent, raw, is_imported=is_imported)


def leave(turn: Turn, met: Met, call: str, raw: bytes = b"") -> None:
    """Somebody leaves everything that is sent by e-mail: said again it is said anew, for an older yes may be late."""
    consent = Consent(
        identity=met.identity,
        channel=Channel.EMAIL,
        state=ConsentState.UNSUBSCRIBED,
        changed_at=turn.call.received_at,
        origin=f"drip/{call}",
    )
    turn.add(consent, raw)
    met.stated[Channel.EMAIL] = consent.state
    met.has_come = True


def _say(turn: Turn, met: Met, consent: Consent, raw: bytes, *, is_imported: bool = False) -> None:
    """Add a statement, unless it is in force already; whoever cannot be reached is not made reachable by a record.

    An opt-out is news even among what is imported.
    """
    before = met.state(consent.channel)
    if before is consent.state and not _gains_a_date(met, consent):
        return
    is_opt_out = consent.state is ConsentState.UNSUBSCRIBED
    if before is ConsentState.SUPPRESSED and (not is_opt_out or has_left(turn, met, consent.channel)):
        return
    turn.add(consent, raw, is_imported=is_imported and not is_opt_out)
    met.stated[consent.channel] = consent.state


def has_left(turn: Turn, met: Met, channel: Channel) -> bool:
    """Whether the last that somebody said themselves is that they opted out, unreachable though they be since."""
    if met.state(channel) is not ConsentState.SUPPRESSED:
        return met.state(channel) is ConsentState.UNSUBSCRIBED
    wanted = Wanted(person=met.number, kinds=(Kind.CONSENT_CHANGED.value,), is_newest_first=True)
    told = (fact.record for fact in turn.shelves.facts(wanted))
    said = (one.state for one in told if isinstance(one, Consent) and one.channel is channel)
    return next((one for one in said if one in _STATED.values()), None) is ConsentState.UNSUBSCRIBED


def _gains_a_date(met: Met, consent: Consent) -> bool:
    standing = met.known.consent.get(consent.channel) if met.known else None
    return standing is not None and standing.changed_at is None and consent.changed_at is not None


def named(identity: Identity, *, email: str = "", visitor: str = "") -> Identity:
    """The identifiers with those that a record adds."""
    return replace(
        identity,
        email=identity.email or email or None,
        anonymous_id=visitor or identity.anonymous_id,
    )
