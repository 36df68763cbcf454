"""Serving local stand-ins of the platforms, for trying, testing and measuring."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from orderwire.dialects import registry
from orderwire.dialects.connector import Credential
from orderwire.dialects.connector_registry import connector
from orderwire.errors import ConfigError
from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, serve
from orderwire.sandbox.registry import EVERY, PLATFORMS, SHOPS, stand_in
from orderwire.sandbox.trading.sending import Sender, send_webhooks

HOOKS = "webhook_secret"
SIGNED_WITH = "hook-secret"
"""What stand-ins of shops sign their webhooks with."""


@dataclass(frozen=True, kw_only=True)
class SandboxTerms:
    """How stand-ins run.

    Args:
        platforms: which; all when empty.
        port: of the first, the others follow; 0 for any that are free.
        faults: what goes wrong, as JSON: `{"rates": {"limited": 0.05}, "seed": 7, "outage": false}`; of one platform
            alone where its name and `=` stand before.
        scale: platform seconds in a real one, 1 by default; likewise.
        log_dir: where each keeps its reception log, `<platform>.jsonl`; none when None.
        reject: ids and e-mails that are refused as bad.
        opted_out: e-mails of people who are there from the start and have just unsubscribed.
        has_limits: whether the platforms' rate limits are kept.
        hooks_to: the address of a server that shops send their webhooks to, each to `/hooks/<shop>`; none when empty.
    """

    platforms: Sequence[str] = ()
    port: int = 0
    faults: Sequence[str] = ()
    scale: Sequence[str] = ()
    log_dir: Path | None = None
    reject: Sequence[str] = ()
    opted_out: Sequence[str] = ()
    has_limits: bool = True
    hooks_to: str = ""

    @property
    def names(self) -> list[str]:
        """The platforms, each once."""
        return list(dict.fromkeys(self.platforms)) or sorted(PLATFORMS)

    def scale_of(self, platform: str) -> float:
        """How fast a platform's time goes.

        Raises:
            ConfigError: it is not a positive number.
        """
        text = _of(self.scale, platform, "1")
        try:
            scale = float(text)
        except ValueError:
            scale = 0.0
        if not 0 < scale < math.inf:
            raise ConfigError(
                "--scale", f"{text!r} is no positive number.", "Such as 60; <platform>=60 for one alone."
            )
        return scale

    def faults_of(self, platform: str) -> FaultPlan:
        """What goes wrong at a platform.

        Raises:
            ConfigError: it is not understood.
        """
        text = _of(self.faults, platform, "")
        try:
            return FaultPlan.parse(text) if text else FaultPlan()
        except (ValueError, TypeError) as error:
            raise ConfigError("--faults", f"is not a fault plan: {error}.") from error


def _of(given: Sequence[str], platform: str, default: str) -> str:
    """The last of these values that is for a platform: its own before that of all."""
    own = [text.removeprefix(f"{platform}=") for text in given if text.startswith(f"{platform}=")]
    for_all = [text for text in given if text.partition("=")[0] not in EVERY]
    return [default, *for_all, *own][-1]


def table_of(platform: str, port: int, terms: SandboxTerms) -> str:
    """The destination's or source's table for a stand-in, as it can stand in `orderwire.toml`."""
    if platform in SHOPS:
        return _source_of(platform, port, terms)
    profile = registry.dialect(platform).profile
    lines = [
        f"[destination.{platform}]",
        f'key = "env:{key_name(platform)}"',
        f'base_url = "http://127.0.0.1:{port}{urlsplit(profile.base_url).path}"',
    ]
    if profile.needs_account_id:
        lines.append('account_id = "1"')
    if profile.is_address_given:
        lines.append("options.allow_private = true")
    if (scale := terms.scale_of(platform)) != 1:
        lines.append(f"time_scale = {scale}")
    return "\n".join(lines)


def _source_of(shop: str, port: int, terms: SandboxTerms) -> str:
    profile = connector(shop).profile
    lines = [f"[source.{shop}]", f'kind = "{shop}"', f'url = "http://127.0.0.1:{port}"']
    lines += [f'{one.name} = "env:{_variable(shop, one.name)}"' for one in _needed(shop)]
    if terms.hooks_to and profile.hooks is not None:
        lines.append(f'webhook_secrets = ["env:{_variable(shop, HOOKS)}"]')
    if not profile.knows_newsletter:
        lines.append("knows_newsletter = false")
    return "\n".join(lines)


def key_name(platform: str) -> str:
    """The environment variable that a stand-in's table refers to for its key."""
    return _variable(platform, "key")


def variables_of(platform: str, terms: SandboxTerms) -> dict[str, str]:
    """The environment variables that a stand-in's table refers to, and what they may hold."""
    if platform not in SHOPS:
        return {key_name(platform): "anything"}
    found = {_variable(platform, one.name): "anything" for one in _needed(platform)}
    if terms.hooks_to and connector(platform).profile.hooks is not None:
        found[_variable(platform, HOOKS)] = SIGNED_WITH
    return found


def _needed(shop: str) -> list[Credential]:
    return [one for one in connector(shop).profile.credentials if not one.is_optional]


def _variable(platform: str, name: str) -> str:
    return f"{platform}_{name}".upper()


def run_sandbox(terms: SandboxTerms, ready: Callable[[Mapping[str, int]], None]) -> None:
    """Serve stand-ins on loopback until SIGINT or SIGTERM; `ready` is told the port of each.

    Raises:
        ConfigError: there is no such stand-in, the faults are not understood, or a port is taken.
    """
    if unknown := [name for name in terms.names if name not in EVERY]:
        there_are = f"There are: {', '.join(sorted(EVERY))}."
        raise ConfigError("sandbox", f"there is no stand-in of {', '.join(unknown)}.", there_are)
    asyncio.run(_serve(terms, ready))


def _hooked(name: str, terms: SandboxTerms) -> dict[str, str]:
    """What makes a shop send webhooks."""
    if not terms.hooks_to or name not in SHOPS or connector(name).profile.hooks is None:
        return {}
    return {"hooks_to": f"{terms.hooks_to.rstrip('/')}/hooks/{name}", "hook_secret": SIGNED_WITH}


async def _serve(terms: SandboxTerms, ready: Callable[[Mapping[str, int]], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    people = [{"email": email, "status": "unsubscribed"} for email in terms.opted_out]
    options = {"limits": terms.has_limits, "reject": list(terms.reject), "people": people}
    runners, logs, ports, senders = [], [], {}, []
    try:
        for place, name in enumerate(terms.names):
            hooked = _hooked(name, terms)
            made = stand_in(name)(PlatformClock(terms.scale_of(name)), options | hooked)
            if hooked:
                senders.append(asyncio.create_task(send_webhooks(cast("Sender", made))))
            plan = terms.faults_of(name)
            logs.append(ReceptionLog(terms.log_dir / f"{name}.jsonl" if terms.log_dir else None))
            port = terms.port + place if terms.port else 0
            try:
                runner, ports[name] = await serve(made, log=logs[-1], plan=plan, port=port)
            except OSError as error:
                raise ConfigError("--port", f"{port} cannot be had ({error.strerror}).") from error
            runners.append(runner)
        ready(ports)
        await stopped.wait()
    finally:
        for sender in senders:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        for runner in runners:
            await runner.cleanup()
        for log in logs:
            log.close()
