#!/usr/bin/env bash
# Fails when a function is larger than its budget, or takes more instructions. Neither depends on how busy the machine is:
#   bench/gate.sh                  # some functions, the largest among them
#   bench/gate.sh --all            # every function
# Needs valgrind, which it installs where it may.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
# What bench-start needs, and whatever links most.
some="resource-delete credential-create role-create resource-create role-resource-assign role-resource-unassign rule-worker session-start"
bins=()
if [ "${1:-}" != --all ]; then
    for name in $some; do bins+=(--bin "$name"); done
fi

if ! command -v valgrind >/dev/null; then
    apt-get update -qq && apt-get install -y -qq valgrind >/dev/null
fi
rm -rf "$target/ship-gate"
infra/tools.sh cargo lambda build --profile ship --lambda-dir "$target/ship-gate" -p functions "${bins[@]}"
infra/tools.sh cargo lambda build --profile ship --lambda-dir "$target/ship-gate" -p hello
cargo build --release -p bench-start
"$target/release/bench-start" --lambda "$target/ship-gate" --out "$target/bench" instructions
python3 bench/gate.py "$target/ship-gate" "$target/bench/instructions.json"
