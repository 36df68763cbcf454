"""Each shop product's stand-in, read into a ledger of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orderwire.testing.shopfronts import Shopfront

TABLES: dict[str, dict[str, Any]] = {
    "woocommerce": {
        "kind": "woocommerce",
        "key": "env:KEY",
        "secret": "env:SECRET",
        "webhook_secrets": ["env:HOOKS", "env:OLD_HOOKS"],
        "options": {"consent_meta": "_newsletter_box"},
    },
    "shopify": {
        "kind": "shopify",
        "token": "env:KEY",
        "webhook_secrets": ["env:HOOKS", "env:OLD_HOOKS"],
        "knows_newsletter": True,
    },
}
Opener = Callable[..., Shopfront]


@pytest.fixture(params=sorted(TABLES))
def kind(request: pytest.FixtureRequest) -> str:
    """Each shop product."""
    return str(request.param)


@pytest.fixture
def open_front(tmp_path: Path) -> Iterator[Opener]:
    """Opens shops; each has a folder of its own."""
    opened: list[Shopfront] = []

    def opener(kind: str, *, table: dict[str, Any] | None = None, **more: Any) -> Shopfront:
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        opened.append(Shopfront(folder, TABLES[kind] | (table or {}), **more))
        return opened[-1]

    yield opener
    for one in opened:
        one.close()
