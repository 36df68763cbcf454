"""What a platform says, made safe to show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwire.transport.redact import safe

WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz ,.:", max_size=30)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Invalid: ana@mail.test is taken", "Invalid: <e-mail> is taken"),
        ("<ana+tag@mail.test>,", "<<e-mail>>,"),
        ("call +44 20 7946 0958 now", "call <number> now"),
        ("phone 07946095800.", "phone <number>."),
        ('the value "ana" is not valid', "the value <value> is not valid"),
        ("token 'pk_live_0123456789' is refused", "token <value> is refused"),
        ("429 too many requests, limit 150 in 60", "429 too many requests, limit 150 in 60"),
        ("", ""),
    ],
)
def test_personal_data_is_blanked_and_the_rest_stays(said: str, shown: str) -> None:
    assert shown.replace("<<e-mail>>", "<e-mail>") in safe(said).replace("<<e-mail>>", "<e-mail>")


def test_a_long_message_is_cut() -> None:
    assert 300 == len(safe("x y " * 400))


@given(before=WORDS, name=st.from_regex(r"[a-z0-9.+_-]{1,20}", fullmatch=True), after=WORDS)
def test_no_address_survives_wherever_it_stands(before: str, name: str, after: str) -> None:
    assert f"{name}@mail.test" not in safe(f"{before} {name}@mail.test {after}")


@given(before=WORDS, number=st.from_regex(r"\+?[1-9][0-9]{8,13}", fullmatch=True), after=WORDS)
def test_no_phone_number_survives(before: str, number: str, after: str) -> None:
    assert number not in safe(f"{before} {number} {after}")
