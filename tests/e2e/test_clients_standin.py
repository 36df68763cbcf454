"""A reader that is not ours, against our stand-in of Ordergroove: it finds everything, in both manners of paging."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clients.house import ORDERWIRE
from tests.clients.known import DLT, keep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("ORDERWIRE_E2E" not in os.environ, reason="`make e2e` installs the clients and runs this"),
]


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[str]:
    ready = tmp_path / "ready.json"
    process = subprocess.Popen(
        [ORDERWIRE, "sandbox", "ordergroove", "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not ready.exists() or not ready.read_text().strip():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        yield f"http://127.0.0.1:{json.loads(ready.read_text())['ordergroove']}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def test_dlt_reads_every_list_whole(stand_in: str) -> None:
    told = DLT.try_against(stand_in, "merchant-key")
    keep(DLT.name, told)

    assert (11, {}) == (len(told), {one["call"]: one["wrong"] for one in told if one["wrong"]})
