#!/usr/bin/env bash
# The whole local system under an open-loop load, and then past its limit:
#   tests/load.sh [SECONDS]        # 1200 unless said otherwise, and a minute past the limit
# Requests come at their times whether or not earlier ones were answered, and a latency counts from when a request was due. The load
# is oha's. Prints a table, and fails on any 5xx below the limit, on memory that grows, and on anything lost.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=1.16.0
if [ "$(oha --version 2>/dev/null)" != "oha $version" ]; then
    env -u CARGO_TARGET_DIR cargo install oha --quiet --locked --version "$version"
fi
cargo build --quiet --release -p local
exec python3 tests/load.py "${CARGO_TARGET_DIR:-target}/release/postern" "${1:-1200}"
