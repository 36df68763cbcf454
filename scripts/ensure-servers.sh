#!/usr/bin/env bash
# Make sure that PostgreSQL, MariaDB and a browser are on this machine: the tests start servers and pages of their own.
# Whatever is installed already is used; what this installs is neither started now nor at boot.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
shopt -s nullglob
PATH="$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
for folder in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do PATH="$PATH:$folder"; done

has_postgresql() { command -v postgres >/dev/null && command -v initdb >/dev/null; }
has_mariadb() {
  { command -v mariadbd || command -v mysqld; } >/dev/null && { command -v mariadb-install-db || command -v mysql_install_db; } >/dev/null
}

has_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null

packages=()
services=()
has_postgresql || { packages+=(postgresql); services+=(postgresql); }
has_mariadb || { packages+=(mariadb-server); services+=(mariadb); }
has_chromium || packages+=(chromium)
[ ${#packages[@]} -gt 0 ] || exit 0

echo "Installing for the tests: ${packages[*]}" >&2
if ! "$here/apt-install.sh" "${packages[@]}"; then
  echo "Without them, everything else can be tested: .venv/bin/python -m pytest -m 'not postgres and not mariadb and not browser'" >&2
  exit 1
fi
if [ "$(id -u)" -eq 0 ]; then as_root=(); else as_root=(sudo -n); fi
for service in "${services[@]}"; do
  "${as_root[@]}" update-rc.d "$service" disable >&2 || echo "$service may start at boot: disable it if that is unwanted." >&2
done
