"""What is known of a person, and how two of them become one.

A profile is stored as JSON and read back as `ledger.values.PersonCard`: its fields carry the same names, and what the
card does not show (`outweighed`) is kept beside them.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from orderwire.identity.consent import Standing, in_force, newest
from orderwire.model import Address, Cart, Channel, Consent, Event, Order, Person, Product, Record, Subscription

DEVICES_SHOWN = 20
"""How many devices a profile names, the first ones; all of them go on being matched."""


class Profile(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person as known now, with the first spelling of each identifier."""

    person: int
    email: str | None = None
    phone: str | None = None
    external_ids: dict[str, str] = {}
    anonymous_ids: tuple[str, ...] = ()
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    address: Address | None = None
    consent: dict[Channel, Standing] = {}
    merged: tuple[int, ...] = ()
    """Persons joined into this one; a destination may know them under those numbers."""
    outweighed: dict[Channel, tuple[Standing, ...]] = {}
    """Statements that are not in force but weigh in when another comes."""

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing but a device is known of them; a phone that cannot be matched is nobody's."""
        return not (self.email or self.external_ids or (self.phone and self.phone.startswith("+")))

    def statements(self, channel: Channel) -> tuple[Standing, ...]:
        """Everything that was said about a channel and still weighs."""
        standing = self.consent.get(channel)
        rest = self.outweighed.get(channel, ())
        return rest if standing is None else (standing, *rest)

    def stating(self, channel: Channel, statements: tuple[Standing, ...]) -> Profile:
        """The same person with these statements about a channel."""
        standing = in_force(statements)
        if standing is None:
            return self
        rest = tuple(statement for statement in statements if statement is not standing)
        others = {key: value for key, value in self.outweighed.items() if key != channel}
        return replace(
            self,
            consent={**self.consent, channel: standing},
            outweighed={**others, channel: rest} if rest else others,
        )


def described(profile: Profile, person: Person) -> Profile:
    """The profile with what a source newly says of the person; what it is silent about stays."""
    return replace(
        profile,
        first_name=person.first_name or profile.first_name,
        last_name=person.last_name or profile.last_name,
        language=person.language or profile.language,
        address=person.address or profile.address,
    )


def named_by(profile: Profile, record: Record) -> Profile:
    """The profile with the name and address on an order, where it has none of its own."""
    match record:
        case Order():
            if profile.first_name or profile.last_name:
                first_name, last_name = profile.first_name, profile.last_name
            else:
                first_name, last_name = record.first_name, record.last_name
            address = profile.address or record.billing_address or record.shipping_address
            if (first_name, last_name, address) == (profile.first_name, profile.last_name, profile.address):
                return profile
            return replace(profile, first_name=first_name, last_name=last_name, address=address)
        case Cart() | Consent() | Event() | Person() | Product() | Subscription():
            return profile


def join(survivor: Profile, absorbed: Profile) -> Profile:
    """Two people as one: the survivor's word first, consent weighed over both."""
    joined = replace(
        survivor,
        email=survivor.email or absorbed.email,
        phone=survivor.phone or absorbed.phone,
        external_ids={**absorbed.external_ids, **survivor.external_ids},
        anonymous_ids=tuple(dict.fromkeys((*survivor.anonymous_ids, *absorbed.anonymous_ids)))[:DEVICES_SHOWN],
        first_name=survivor.first_name or absorbed.first_name,
        last_name=survivor.last_name or absorbed.last_name,
        language=survivor.language or absorbed.language,
        address=survivor.address or absorbed.address,
        merged=tuple(dict.fromkeys((*survivor.merged, absorbed.person, *absorbed.merged))),
    )
    for channel in absorbed.consent:
        joined = joined.stating(
            channel, tuple(newest((*survivor.statements(channel), *absorbed.statements(channel))).values())
        )
    return joined
