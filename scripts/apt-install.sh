#!/usr/bin/env bash
# Install Debian packages without starting the services they bring.
# Usage: scripts/apt-install.sh PACKAGE...
set -euo pipefail

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "These packages are missing and only root can install them:" >&2
    echo "  apt-get install --no-install-recommends $*" >&2
    exit 1
  fi
  as_root=(sudo -n)
fi
if ! command -v apt-get >/dev/null; then
  echo "This is no Debian system: install what these Debian packages hold, then try again: $*" >&2
  exit 1
fi

# Debian asks this file before it starts a service. One that is there already is the owner's and stays.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
  trap '"${as_root[@]}" rm -f "$guard"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$guard" >/dev/null
  "${as_root[@]}" chmod 755 "$guard"
fi

quiet=(-qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
{
  "${as_root[@]}" apt-get "${quiet[@]}" update || echo "Going on with the package lists that are here."
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "${quiet[@]}" install -y --no-install-recommends "$@"
} >&2
