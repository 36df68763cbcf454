#!/usr/bin/env bash
# Print the path of a Python, 3.11 or newer, that can make virtual environments; install one on Debian if need be.
# PYTHON=/some/python chooses one.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")

is_new_enough() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; }
makes_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

first_usable() {
  local name
  for name in python3.11 python3 /usr/bin/python3.11 /usr/bin/python3 python3.12 python3.13; do
    if is_new_enough "$name" && makes_venvs "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

if [ -n "${PYTHON:-}" ]; then
  is_new_enough "$PYTHON" || { echo "PYTHON=$PYTHON is not Python 3.11 or newer." >&2; exit 1; }
  makes_venvs "$PYTHON" || { echo "PYTHON=$PYTHON lacks ensurepip or venv (Debian: python3-venv)." >&2; exit 1; }
  command -v "$PYTHON"
  exit
fi

if ! first_usable; then
  echo "Python's venv module is missing: installing Debian's python3-venv." >&2
  "$here/apt-install.sh" python3-venv
  first_usable || { echo "No Python 3.11 or newer was found; name one with PYTHON=/path/to/python." >&2; exit 1; }
fi
