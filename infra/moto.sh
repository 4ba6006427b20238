#!/usr/bin/env bash
# Runs a command with a moto server, which answers as EC2 does, at the address in POSTERN_MOTO:
#   infra/moto.sh cargo test -p firewall --features moto
# The server's tools stand outside the clone, so that every clone shares them.
set -euo pipefail

home="${XDG_CACHE_HOME:-$HOME/.cache}/postern/moto"
pins="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/requirements-moto.txt"

# A copy of the pins in the environment says that it is complete.
if ! cmp -s "$pins" "$home/pins.txt"; then
    echo "Installing $(basename "$pins") into $home" >&2
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins" >&2
    cp "$pins" "$home/pins.txt"
fi

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
log=$(mktemp)
"$home/bin/moto_server" -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT

answers=no
for _ in $(seq 300); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        answers=yes
        break
    fi
    kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
    sleep 0.1
done
[ "$answers" = yes ] || { cat "$log" >&2; exit 1; }
POSTERN_MOTO="http://127.0.0.1:$port" "$@"
