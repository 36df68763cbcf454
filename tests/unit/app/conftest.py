"""A shop in a temporary folder, with a ledger and no network."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import orderwire
from orderwire import Shop
from orderwire.testing.commands import build_shop, settings_for


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a shop with one destination that is never reached."""
    build_shop(tmp_path / "shop.db")
    (tmp_path / "orderwire.toml").write_text(settings_for({"drip": 9}), encoding="utf-8")
    return tmp_path


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    """The shop, opened."""
    with orderwire.open(folder) as opened:
        yield opened
