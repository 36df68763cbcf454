"""Statements by name: both engines answer the same questions, each described."""

import re
from importlib.resources import files

import pytest
from msgspec import json

from orderwire.ledger.migrations import Migration
from orderwire.ledger.packing import pack_members, pack_texts, unpack_members, unpack_texts
from orderwire.ledger.queries import load, migrations_of, queries_of
from orderwire.ledger.registry import POSTGRES, SQLITE
from orderwire.ledger.values import Member

ONLY_POSTGRES = {"now", "writers_turn"}
"""SQLite's file lock is the writer's turn, and its clock the machine's."""


def test_both_engines_answer_the_same_questions() -> None:
    assert ONLY_POSTGRES == set(load(POSTGRES)) ^ set(load(SQLITE))


def test_both_engines_take_the_same_values() -> None:
    postgres = {name: set(re.findall(r"%\((\w+)\)", text)) for name, text in load(POSTGRES).items()}
    sqlite = {name: set(re.findall(r"(?<!:):(\w+)", text)) for name, text in load(SQLITE).items()}
    assert sqlite == {name: values for name, values in postgres.items() if name not in ONLY_POSTGRES}


def test_both_engines_have_the_same_migrations() -> None:
    names = [[(step.number, step.stage, step.name) for step in map(Migration.read, migrations_of(package))]
             for package in (SQLITE, POSTGRES)]  # fmt: skip
    assert names[0] == names[1]


def test_every_statement_is_used(request: pytest.FixtureRequest) -> None:
    root = files("orderwire.ledger")
    code = " ".join(
        path.read_text()
        for folder in (root, root / "sqlite", root / "postgres")
        for path in folder.iterdir()
        if path.name.endswith(".py")
    )
    assert [] == [name for name in load(POSTGRES) if f'"{name}"' not in code]


def test_a_file_of_statements_is_read() -> None:
    text = "-- name: one\n-- About one.\nSELECT 1;\n\n-- name: two\n-- About two,\n-- at length.\nSELECT\n    2;\n"
    assert {"one": "SELECT 1", "two": "SELECT\n    2"} == queries_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "-- name: one\nSELECT 1;\n",
        "-- name: one\n-- About.\nSELECT 1\n",
        "SELECT 1;\n",
        "-- name: one\n-- About.\nSELECT 1;\n\n-- name: one\n-- About.\nSELECT 1;\n",
        "-- name: one\n-- About.\nSELECT 1;\nleft over\n",
    ],
    ids=["undescribed", "unended", "unnamed", "named twice", "left over"],
)
def test_a_file_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot read the statement near"):
        queries_of(text)


MEMBERS = [
    (),
    (Member(5),),
    (Member(5), Member(3), Member(5, 1, 2), Member(9_000_000_000)),
]


@pytest.mark.parametrize("members", MEMBERS, ids=["none", "one", "several"])
def test_members_come_back(members: tuple[Member, ...]) -> None:
    assert members == unpack_members(pack_members(members))


@pytest.mark.parametrize("texts", [(), ("",), ("a", "ž", "a")])
def test_wire_ids_come_back(texts: tuple[str, ...]) -> None:
    assert texts == unpack_texts(pack_texts(texts))


def test_a_thousand_members_take_few_bytes() -> None:
    members = tuple(Member(seq) for seq in range(100_000, 102_000, 2))
    assert len(pack_members(members)) < len(json.encode(members)) / 50
