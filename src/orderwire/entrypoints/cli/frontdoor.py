"""The front door: serve, key."""

# ruff: noqa: D417 - the options that many commands share carry their help with them
from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from orderwire.app.bootstrap import open_shop
from orderwire.app.frontdoor import opening
from orderwire.dialects.doorway import Scope
from orderwire.entrypoints.cli.options import AsJson, Folder
from orderwire.entrypoints.cli.output import say, show_json, show_table

key = App(name="key", help="Who may call the front door.")
Several = Annotated[tuple[str, ...], Parameter(negative="", consume_multiple=True)]
Scopes = Annotated[tuple[Scope, ...], Parameter(negative="", consume_multiple=True)]


def serve(
    *,
    port: int | None = None,
    host: str | None = None,
    workers: int | None = None,
    only: Several | None = None,
    limits: Annotated[bool | None, Parameter(negative="--no-limits")] = None,
    folder: Folder = Path(),
) -> None:
    """Open the front door: every platform's API over HTTP, into the ledger. An empty folder is enough.

    What is in `[server]` counts where an option is not given. Stops at SIGINT or SIGTERM, after the last reply.

    Args:
        port: where to listen.
        host: the address to listen at; 127.0.0.1 by default, 0.0.0.0 for every address.
        workers: processes that serve.
        only: the platforms whose doors are open; all by default.
        limits: hold callers to the platforms' own rate limits.
    """
    with open_shop(folder, may_be_empty=True) as shop:
        settings = shop.settings.server
    said = {"port": port, "host": host, "workers": workers, "only": only, "limits": limits}
    given = {name: value for name, value in said.items() if value is not None}
    settings = msgspec.structs.replace(settings, **given)
    opened = [door.title for door in opening.doors(settings)]
    scheme = "https" if settings.certificate else "http"
    say(f"serving {', '.join(opened)} at {scheme}://{settings.host}:{settings.port}")
    arguments = [str(folder.absolute()), msgspec.json.encode(settings).decode()]
    os.execv(sys.executable, [sys.executable, "-m", "orderwire.entrypoints.server", *arguments])  # noqa: S606


@key.command
def create(
    platform: str,
    *,
    name: str = "",
    source: str = "",
    scope: Scopes = (Scope.READ, Scope.WRITE),
    origin: Several = (),
    browser: bool = False,
    json: AsJson = False,
    folder: Folder = Path(),
) -> None:
    """Make a key for a platform's API and print it, once.

    Args:
        platform: whose language the caller speaks.
        name: what to call the key.
        source: the source that its records come from; the platform's name by default.
        scope: what it may do: read, write; feed for a key that only fetches product feeds, metrics for one that
            only fetches what the server counts.
        origin: pages that a browser's key is for, such as https://shop.example; any by default.
        browser: make the key that stands in pages; it may only add browsing facts.
    """
    made = opening.make_key(
        folder,
        platform,
        name=name,
        source=source,
        scopes=tuple(scope),
        origins=tuple(origin),
        is_public=browser,
    )
    if json:
        show_json(
            {
                "name": made.key.name,
                "platform": made.key.platform,
                "source": made.key.source,
                "account": made.key.account,
                "scopes": made.key.scopes,
                "key": made.secret,
            }
        )
        return
    print(made.secret)
    say(f"{made.key.name}: may {', '.join(made.key.scopes)} as source {made.key.source}; shown only this once")
    if made.key.account:
        say(f"account id: {made.key.account}")


@key.command(name="list")
def list_keys(*, json: AsJson = False, folder: Folder = Path()) -> None:
    """List the keys; their secrets are nowhere kept."""
    keys = opening.list_keys(folder)
    if json:
        show_json(
            [{name: value for name, value in msgspec.structs.asdict(one).items() if name != "hash"} for one in keys]
        )
        return
    show_table(
        ("name", "platform", "source", "may", "made", "revoked"),
        [
            (
                one.name,
                one.platform,
                one.source,
                " ".join(one.scopes),
                f"{one.created_at:%Y-%m-%d}",
                f"{one.revoked_at:%Y-%m-%d}" if one.revoked_at else "",
            )
            for one in keys
        ],
    )


@key.command
def revoke(name: str, *, folder: Folder = Path()) -> None:
    """Let a key open no longer; servers at work know within a second or two.

    Args:
        name: the key's name.
    """
    with open_shop(folder, may_be_empty=True) as shop:
        opening.revoke_key(shop, name)
    say(f"{name} opens nothing any more")
