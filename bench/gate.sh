#!/usr/bin/env bash
# Fails when a function is larger than its budget, or takes more instructions. Neither depends on how busy the machine is:
#   bench/gate.sh                  # some functions, the largest among them, with others as `cargo lambda build --release` made them
#   bench/gate.sh --all            # every function, and the floors
# Needs valgrind, which it installs where it may.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
ship="$target/ship-lambda"
bins=(--bin credential-update --bin resource-delete --bin session-start --bin session-sweeper)
makers="$target/lambda"
of=(credential-update resource-delete)
show=()
if [ "${1:-}" = --all ]; then
    bins=()
    makers="$ship"
    of=(hello hello-sdk hello-calls resource-delete credential-update)
    show=(--show)
fi

if ! command -v valgrind >/dev/null; then
    apt-get update -qq && apt-get install -y -qq valgrind >/dev/null
fi
rm -rf "$ship"
tools/run.sh cargo lambda build --profile ship --lambda-dir "$ship" -p functions "${bins[@]}"
if [ "${1:-}" = --all ]; then
    tools/run.sh cargo lambda build --profile ship --lambda-dir "$ship" -p hello
fi
cargo build --release -p bench-start
"$target/release/bench-start" --lambda "$ship" --makers "$makers" --out "$target/bench" instructions "${of[@]}"
python3 bench/gate.py "$ship" "$target/bench/instructions.json" "${show[@]}"
