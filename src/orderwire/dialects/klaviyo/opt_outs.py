"""Opt-outs, bounces and complaints, read back from the profiles.

A reply that cannot be read asks for the same page again: no opt-out may be missed because a page was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, ValidationError, convert

from orderwire.dialects.contract import ReadBack
from orderwire.dialects.klaviyo import pages
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.model import Channel, Consent, ConsentState, Identity

_WANTED = (
    "additional-fields[profile]=subscriptions&fields[profile]=email,phone_number,subscriptions&page[size]=100&sort=id"
)
_LEFT = "left "
"""Begins the cursors of the second pass: those who left the list that subscribed people join, and only that."""
_LEFT_LIST = "subscriptions.email.marketing.list_suppressions.list_id"
_NOT_MAILABLE = frozenset({"HARD_BOUNCE", "INVALID_EMAIL", "SPAM_COMPLAINT", "USER_SUPPRESSED"})


# Instants are read leniently: one in another form must not hide the opt-out that it dates.
class _Suppression(Struct):
    reason: str = ""
    timestamp: object = None


class _Marketing(Struct):
    consent: str | None = None
    consent_timestamp: object = None
    last_updated: object = None
    suppression: list[_Suppression] | None = None
    list_suppressions: list[_Suppression] | None = None


class _Channel(Struct):
    marketing: _Marketing | None = None


class _Subscriptions(Struct):
    email: _Channel | None = None
    sms: _Channel | None = None


class _Profile(Struct):
    email: str | None = None
    phone_number: str | None = None
    subscriptions: _Subscriptions | None = None


def ask(cursor: str, list_id: str) -> WireRequest | None:
    """A page of profiles with their consent and suppressions, then of those who left the list, where there is one."""
    if not cursor.startswith(_LEFT):
        return pages.ask("/api/profiles", _WANTED, cursor, "read_profiles")
    if not list_id:
        return None
    wanted = f'filter=equals({_LEFT_LIST},"{list_id}")&{_WANTED}'
    return pages.ask("/api/profiles", wanted, cursor.removeprefix(_LEFT), "read_profiles")


def interpret(cursor: str, reply: WireReply) -> ReadBack:
    """The opt-outs on that page."""
    page = pages.read(reply)
    if page is None:
        return ReadBack(next=cursor)
    is_of_list = cursor.startswith(_LEFT)
    consents = tuple(consent for one in page.data for consent in _of_profile(one, is_of_list=is_of_list))
    following = page.following
    if is_of_list:
        return ReadBack(consents=consents, next=f"{_LEFT}{following}" if following else None)
    return ReadBack(consents=consents, next=following or _LEFT)


def _of_profile(resource: pages.Resource, *, is_of_list: bool) -> list[Consent]:
    try:
        profile = convert(resource.attributes, _Profile)
    except ValidationError:
        return []
    said = profile.subscriptions
    if said is None:
        return []
    if is_of_list:
        return _of_those_who_left(profile)
    consents: list[Consent | None] = []
    if profile.email and said.email and said.email.marketing:
        consents.append(_opt_out(Channel.EMAIL, Identity(email=profile.email), said.email.marketing))
    if profile.phone_number and said.sms and said.sms.marketing:
        consents.append(_opt_out(Channel.SMS, Identity(phone=profile.phone_number), said.sms.marketing))
    return [consent for consent in consents if consent]


def _of_those_who_left(profile: _Profile) -> list[Consent]:
    """Leaving the list is an opt-out: an old permission would put the person on it again."""
    said = profile.subscriptions.email.marketing if profile.subscriptions and profile.subscriptions.email else None
    if not (profile.email and said):
        return []
    return [
        Consent(
            identity=Identity(email=profile.email),
            channel=Channel.EMAIL,
            state=ConsentState.UNSUBSCRIBED,
            changed_at=_newest(one.timestamp for one in said.list_suppressions or ()),
            origin="klaviyo: left the list",
        )
    ]


def _newest(dates: Iterable[object]) -> datetime | None:
    return max((when for date in dates if (when := pages.instant(date)) is not None), default=None)


def _opt_out(channel: Channel, identity: Identity, said: _Marketing) -> Consent | None:
    """A suppression outweighs an unsubscription, which outweighs everything else."""
    suppressions = said.suppression or []
    if found := [one for one in suppressions if one.reason in _NOT_MAILABLE]:
        state = ConsentState.SUPPRESSED
    elif suppressions or said.consent == "UNSUBSCRIBED":
        state, found = ConsentState.UNSUBSCRIBED, suppressions
    else:
        return None
    dates = [one.timestamp for one in found] or [said.consent_timestamp or said.last_updated]
    return Consent(
        identity=identity,
        channel=channel,
        state=state,
        changed_at=_newest(dates),
        origin=f"klaviyo: {found[0].reason}" if found else "klaviyo",
    )
