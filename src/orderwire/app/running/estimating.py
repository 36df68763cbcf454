"""Estimating what is left to do, in a process that takes only the time that nobody else wants."""

from __future__ import annotations

import os

from orderwire.app.books import plan
from orderwire.app.bootstrap import Shop
from orderwire.app.running.roles import Estimated, Job, Told

NICENESS = 10
"""An estimate takes only the time that nobody else wants."""


def estimate(shop: Shop, job: Job, told: Told) -> None:
    """Tell for each destination how long what is left takes."""
    os.nice(NICENESS)
    for name in job.destinations or tuple(shop.settings.destinations):
        found = plan(shop, name, first=job.terms.most)
        scale = shop.settings.destinations[name].settings.time_scale
        told(
            Estimated(
                destination=name,
                facts=sum(found.facts.values()),
                requests=sum(found.requests.values()),
                seconds=found.duration.total_seconds() / scale,
            )
        )
