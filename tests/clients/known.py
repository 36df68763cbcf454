"""The clients that are tried at the front door, and what is known to be wrong in them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.clients.environments import CACHE, HERE, modules_of, python_of, version_of
from tests.clients.house import House

RESULTS = CACHE / "results"


@dataclass(frozen=True, kw_only=True)
class Client:
    """Something that speaks a platform's API.

    Args:
        name: of its lock and its results.
        package: as its registry calls it; empty for calls that are sent by hand.
        registry: where it is published.
        platform: whose language it speaks.
        program: the file among `programs`; empty where a test makes the calls itself.
        speaks: what of the API it covers.
        is_wrong: what it gets wrong by itself, by call.
        note: what the table says beside it.
    """

    name: str
    package: str
    registry: str
    platform: str
    speaks: str
    program: str = ""
    is_wrong: dict[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def version(self) -> str:
        """The version that the lock names."""
        if self.registry == "PyPI":
            return version_of(self.name, self.package)
        if self.registry == "npm":
            locked = json.loads((HERE / "requirements" / self.name / "package-lock.json").read_text())
            return str(locked["packages"][f"node_modules/{self.package}"]["version"])
        return ""

    def command(self) -> list[str]:
        """What runs the program; the house goes behind it."""
        program = str(HERE / "programs" / self.program)
        if self.registry == "PyPI":
            return [str(python_of(self.name)), program]
        return ["node", program] if self.registry == "npm" else [sys.executable, program]

    def try_at(self, house: House) -> list[dict[str, str]]:
        """Run every call against the house; each with what was wrong, empty for nothing."""
        made = house.key(self.platform)
        told: dict[str, Any] = {"url": house.url, "key": made["key"], "account": made["account"]}
        told["public"] = house.key(self.platform, "--browser")["key"] if self.platform == "klaviyo" else ""
        arguments = [*self.command(), json.dumps(told)]
        if self.registry == "npm":
            arguments.append(str(modules_of(self.name)))
        return self._run(arguments)

    def try_against(self, url: str, key: str) -> list[dict[str, str]]:
        """Run every call against a stand-in at this address."""
        return self._run([*self.command(), json.dumps({"url": url, "key": key})])

    def _run(self, arguments: list[str]) -> list[dict[str, str]]:
        ran = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=300)
        if ran.returncode:
            raise AssertionError(ran.stderr[-2000:])
        return [json.loads(line) for line in ran.stdout.splitlines()]


def keep(name: str, told: list[dict[str, str]]) -> None:
    """Keep how the calls went, for the table."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=1))


def kept(name: str) -> list[dict[str, str]] | None:
    """How the calls went when they were last tried."""
    place: Path = RESULTS / f"{name}.json"
    return json.loads(place.read_text()) if place.exists() else None


DLT = Client(
    name="dlt",
    package="dlt",
    registry="PyPI",
    platform="ordergroove",
    program="run_dlt.py",
    speaks="every list, by cursor and by page, with its REST source",
    note="Against our stand-in of Ordergroove, which our own connector reads too.",
)
OFFERS = Client(
    name="ordergroove-offers",
    package="@ordergroove/offers",
    registry="npm",
    platform="ordergroove",
    speaks="offers, a customer's order to come, what is added to it and subscribed to there",
    is_wrong={"og.offers itself": "its README calls it to begin, but it is no function; its `initialize` is"},
    note=(
        "In Chromium on a shop's page, against our stand-in; what it creates is read by our own connector. "
        "What it does on the page alone counts as a call, too. "
        "A library that it names is not in the registry, but its own file holds all of them."
    ),
)
_BODY = "gives the compressing of bodies a POST that has none"
CLIENTS = (
    Client(
        name="klaviyo",
        package="klaviyo-api",
        registry="PyPI",
        platform="klaviyo",
        program="run_klaviyo.py",
        speaks="the API of today: people, consent, lists, events, metrics, catalog, erasure",
        note="Its models check every answer.",
    ),
    Client(
        name="klaviyo-legacy",
        package="klaviyo",
        registry="PyPI",
        platform="klaviyo",
        program="run_klaviyo_legacy.py",
        speaks="track, identify and the API before 2022",
    ),
    Client(
        name="klaviyo-page",
        package="",
        registry="",
        platform="klaviyo",
        program="run_klaviyo_page.py",
        speaks="the client endpoints, as a page calls them",
        note="Not a client: calls sent by hand, because the packages have none of them.",
    ),
    Client(
        name="drip",
        package="drip-python",
        registry="PyPI",
        platform="drip",
        program="run_drip.py",
        speaks="v2 and v3, but for what switches campaigns and workflows",
        is_wrong={"unsubscribe": _BODY, "unsubscribe_from_all": _BODY},
        note="Needs urllib3 before 2.",
    ),
    Client(
        name="drip-node",
        package="drip-nodejs",
        registry="npm",
        platform="drip",
        program="run_drip_node.cjs",
        speaks="v2 and v3",
    ),
    Client(
        name="omnisend",
        package="",
        registry="",
        platform="omnisend",
        program="run_omnisend_plugin.py",
        speaks="v5 as the WordPress plugin speaks it, and one call of v3",
        note="Not a client: calls sent by hand, because neither registry has a client of this platform.",
    ),
    Client(
        name="yespo",
        package="ok-esputnik",
        registry="PyPI",
        platform="yespo",
        program="run_yespo.py",
        speaks="v1, but for messages",
        note="Pins a library that needs two names which Python 3.10 moved; its program gives them back.",
    ),
)
