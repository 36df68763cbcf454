"""What every stand-in is built of: a clock, rate windows, a fault plan, a reception log and a server."""

from orderwire.sandbox.kit.clock import PlatformClock
from orderwire.sandbox.kit.faults import Fault, FaultPlan
from orderwire.sandbox.kit.limits import FixedWindows, Spent
from orderwire.sandbox.kit.log import ReceptionLog, read_log
from orderwire.sandbox.kit.server import Answer, Call, Exchange, StandIn, Taken, serve

__all__ = [
    "Answer",
    "Call",
    "Exchange",
    "Fault",
    "FaultPlan",
    "FixedWindows",
    "PlatformClock",
    "ReceptionLog",
    "Spent",
    "StandIn",
    "Taken",
    "read_log",
    "serve",
]
