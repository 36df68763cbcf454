#!/usr/bin/env bash
# Make the virtual environment if it is missing or broken, and put the locked packages and Orderwire itself into it.
# Usage: scripts/install-dev.sh FOLDER
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
folder=$1

if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
  python=$("$here/ensure-python.sh")
  echo "Making $folder with $python" >&2
  "$python" -m venv --clear "$folder"
fi

pip=("$folder/bin/python" -m pip --disable-pip-version-check --no-input --quiet)
"${pip[@]}" install --require-hashes --requirement "$here/../requirements/dev.lock"
"${pip[@]}" install --no-build-isolation --no-deps --editable "$here/.."
