#!/usr/bin/env bash
# Runs a command with a moto server, which answers as EC2 does, at the address in POSTERN_MOTO:
#   tools/moto.sh cargo test -p firewall --features moto
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/servers.sh"

environment moto
port=$(free_port)
log=$(mktemp)
"$tools_folder/moto/bin/moto_server" -H 127.0.0.1 -p "$port" >"$log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT

wait_for_port "$port" "$server" || { cat "$log" >&2; exit 1; }
POSTERN_MOTO="http://127.0.0.1:$port" "$@"
