"""Identifiers in the form they are matched in."""

import pytest

from orderwire.identity import Identifier, e164, email_key, identifiers_of
from orderwire.model import IdentifierKind, Identity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ana@mail.test", "ana@mail.test"),
        (" Ana@Mail.TEST ", "ana@mail.test"),
        ('"a@b"@mail.test', '"a@b"@mail.test'),
        ("", None),
        ("n/a", None),
        ("@mail.test", None),
        ("ana@", None),
    ],
)
def test_an_email_is_matched_trimmed_and_in_lower_case(text: str, expected: str | None) -> None:
    assert expected == email_key(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+420 601 123 456", "+420601123456"),
        ("00420601123456", "+420601123456"),
        (" +1 (212) 555-0100 ", "+12125550100"),
        ("601123456", None),
        ("+42", None),
        ("+999999999999999999", None),
        ("call me", None),
        ("", None),
    ],
)
def test_a_phone_is_matched_only_in_international_form(text: str, expected: str | None) -> None:
    assert expected == e164(text)


def test_an_external_id_means_something_only_with_its_source() -> None:
    found = identifiers_of(Identity(external_id=" 7 "), "shop")
    assert Identifier(IdentifierKind.EXTERNAL_ID, "shop", "7") == found.external_id


def test_identifiers_stand_in_order_of_precedence() -> None:
    every = Identity(anonymous_id="d1", phone="+420601123456", email="ana@mail.test", external_id="7")
    assert list(IdentifierKind) == [one.kind for one in identifiers_of(every, "shop").present()]


@pytest.mark.parametrize(
    "identity", [None, Identity(), Identity(external_id="", email=" ", phone="-", anonymous_id="")]
)
def test_empty_texts_are_no_identity(identity: Identity | None) -> None:
    assert [] == identifiers_of(identity, "shop").present()
