"""drt with its Klaviyo destination: a sync of one row an event, started through its own command line.

Usage: `python drt_peer.py SHOP SINK FOLDER VIEW`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_, SHOP, SINK, FOLDER, VIEW = sys.argv
HOME = Path(FOLDER)
PROFILE = f"bench:\n  type: sqlite\n  database: {SHOP}\n"
PROJECT = "name: bench\nversion: '0.1'\nprofile: bench\n"
SYNC = f"""
name: events
model: |
  SELECT unique_id AS event_id, metric, email, placed_at, value, currency, order_id, details FROM {VIEW}
destination:
  type: klaviyo
  api_key_env: BENCH_KEY
  endpoint: event
  email_field: email
  metric_name_field: metric
  time_field: placed_at
  value_field: value
  unique_id_field: event_id
  backfill: true
sync:
  mode: full
  batch_size: 1000
  on_error: skip
  rate_limit:
    requests_per_second: %s
  retry:
    max_attempts: 5
"""

os.environ["HOME"] = str(HOME)
for path, text in (
    (HOME / ".drt" / "profiles.yml", PROFILE),
    (HOME / "drt_project.yml", PROJECT),
    (HOME / "syncs" / "events.yml", SYNC % os.environ.get("BENCH_DRT_RATE", "100000")),
):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
os.chdir(HOME)

import drt.destinations.klaviyo as klaviyo  # noqa: E402 - it looks for its settings in HOME
from drt.cli.main import app  # noqa: E402

klaviyo._BASE = f"{SINK}/api"
sys.argv = ["drt", "run"]
app()
