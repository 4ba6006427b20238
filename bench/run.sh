#!/usr/bin/env bash
# Measures what docs/performance.md shows, and writes its tables and plots: every function as it is deployed, what lambda_http takes
# by itself, and the same deletion in Node.js and Python. Half an hour on two cores that do nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
out="$target/bench"
bench/gate.sh --all
bench/peers/install.sh
"$target/release/bench-start" --lambda "$target/ship-lambda" --out "$out" times --peers bench/peers
cargo build --quiet --release -p bench-ledger
POSTERN_LAMBDA_DIR="$target/ship-lambda" "$target/release/bench-ledger" cost --milliseconds bench/out/milliseconds.json --time
"$target/release/bench-ledger" scale
