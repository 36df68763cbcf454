"""Writes `docs/reference/clients.md` from what `make e2e` found when it tried real clients at the front door."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from reference_markdown import NOTICE, codes, page, table  # noqa: E402
from tests.clients.known import CLIENTS, DLT, OFFERS, Client, kept  # noqa: E402

from orderwire.dialects import registry  # noqa: E402

OWN_NOTICE = "<!-- Written by `make e2e` from what it measured. Edits here are lost. -->"
PAGE = ROOT / "docs" / "reference" / "clients.md"

NOT_TRIED = (
    "- Ometria: neither registry has a client of its API.",
    "- Of `@ordergroove/offers` (npm): prepaid plans and experiments, which the stand-in's programme has none of,",
    "  and Shopify's selling plans, which need a shop there.",
    "  What somebody opts in to on a page is not sent by the package, but at checkout by the shop's own server.",
    "- The plugins for WordPress, WooCommerce and Magento are PHP and need the shop they live in.",
)


def main() -> None:
    """Write the page; clients that were not tried are left out and named on stderr."""
    every = (*CLIENTS, DLT, OFFERS)
    tried = [(client, told) for client in every if (told := kept(client.name)) is not None]
    missing = [client.name for client in every if kept(client.name) is None]
    if missing:
        print(f"not tried, so the page stays as it is: {', '.join(missing)}", file=sys.stderr)
        sys.exit(1)
    lines = [
        "Clients that were written for a platform, run against the front door with nothing changed but the address.",
        "`make e2e` installs them, makes every call, holds what the ledger has then against what the calls mean,",
        "and writes this page.",
        "",
        *table(
            ["platform", "client", "version", "speaks", "calls", "right", "note"],
            [_row(client, told) for client, told in tried],
        ),
        "What is wrong, and in whom:",
        "",
        *(_wrongs(tried) or ["Nothing."]),
        "",
        "Not tried, and why:",
        "",
        *NOT_TRIED,
        "",
        "## The calls",
        "",
    ]
    for client, told in tried:
        lines += [f"**{_name(client)}**: {codes(one['call'] for one in told)}.", ""]
    PAGE.write_text(page("Clients tried", *lines).replace(NOTICE, OWN_NOTICE), encoding="utf-8")


def _row(client: Client, told: list[dict[str, str]]) -> list[str]:
    return [
        registry.door(client.platform).title if client.platform in registry.DOORS else client.platform.title(),
        _name(client),
        client.version or "–",
        client.speaks,
        str(len(told)),
        str(sum(not one["wrong"] for one in told)),
        client.note,
    ]


def _name(client: Client) -> str:
    return f"`{client.package}` ({client.registry})" if client.package else f"by hand: {client.name}"


def _wrongs(tried: list[tuple[Client, list[dict[str, str]]]]) -> list[str]:
    found = []
    for client, told in tried:
        for one in told:
            if one["wrong"]:
                whose = (
                    f"the client: {client.is_wrong[one['call']]}" if one["call"] in client.is_wrong else "the door"
                )
                found.append(f"- `{one['call']}` of {_name(client)}: {whose}.")
    return found


if __name__ == "__main__":
    main()
