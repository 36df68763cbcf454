"""The program `orderwire`: its commands, and what an error means for the exit status."""

from __future__ import annotations

import os
import sys

from cyclopts import App, CycloptsError, Parameter

from orderwire.app import talk
from orderwire.entrypoints.cli.output import say
from orderwire.errors import (
    ConfigError,
    Conflict,
    NeedsMigration,
    NotFound,
    OrderwireError,
    RemoteError,
)

DONE, FAILED, USAGE, REMOTE = 0, 1, 2, 3
EXITS: tuple[tuple[type[OrderwireError], int], ...] = (
    (ConfigError, USAGE),
    (NotFound, USAGE),
    (Conflict, USAGE),
    (NeedsMigration, USAGE),
    (RemoteError, REMOTE),
    (OrderwireError, FAILED),
)
"""Exit status by error; the first that fits counts."""

COMMANDS = {
    "init": "setting_up:init",
    "plan": "daily:plan",
    "sync": "daily:sync",
    "status": "daily:status",
    "audit": "daily:audit",
    "log": "daily:log",
    "replay": "mending:replay",
    "reread": "mending:reread",
    "reconcile": "mending:reconcile",
    "doctor": "setting_up:doctor",
    "serve": "frontdoor:serve",
    "config": "setting_up:config",
    "source": "setting_up:source",
    "dead-letter": "mending:dead_letter",
    "destination": "destinations:destination",
    "person": "people:person",
    "key": "frontdoor:key",
    "feed": "feeds:feed",
    "alarm": "alarms:alarm",
}
"""Where each command or group of commands is."""


def made_app(named: str = "") -> App:
    """The program's commands; when one is named, only that is imported: a supervisor lives long and needs little."""
    app = App(
        name="orderwire",
        help="The order-data engine of a shop: exit status 0 done, 1 some failed, 2 usage or configuration, 3 remote "
        "unavailable.",
        default_parameter=Parameter(negative=""),
        suppress_keyboard_interrupt=False,
    )
    for name, place in COMMANDS.items():
        app.command(f"orderwire.entrypoints.cli.{place}", name=name)
        if named not in COMMANDS:
            app[name]
    app.command("orderwire.entrypoints.cli.sandbox:sandbox", name="sandbox", help="Serve stand-ins of the platforms.")
    app.command("orderwire.entrypoints.worker:work", name="worker", show=False)
    return app


def exit_of(error: OrderwireError) -> int:
    """The exit status that an error means."""
    return next(status for kind, status in EXITS if isinstance(error, kind))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit status. The outermost edge: every error ends here."""
    try:
        result = made_app(next(iter(arguments), ""))(arguments, exit_on_error=False, result_action="return_value")
        sys.stdout.flush()
    except CycloptsError:
        return USAGE
    except OrderwireError as error:
        say(f"orderwire: {error}")
        return exit_of(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return FAILED
    except OSError as error:
        say(f"orderwire: {error.filename or 'the system'}: {error.strerror or type(error).__name__}")
        return FAILED
    except Exception as error:  # noqa: BLE001 - the outermost edge; the message may hold anything and is left out
        say(f"orderwire: a defect: {type(error).__name__} at {talk.frames_of(error)}")
        return FAILED
    return result if isinstance(result, int) else DONE


def main() -> None:
    """Run as the program that was called."""
    talk.configure()
    sys.exit(run(sys.argv[1:]))
