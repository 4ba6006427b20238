#!/usr/bin/env bash
# What takes too long for every change: faults, other engines, kills, load, fuzzing, mutants, skeletons, documents, the emulated AWS. Half a day on two cores:
#   tests/proof.sh               # all of it
#   tests/proof.sh faults load   # some of it
# The figures go to docs/testing.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Every trouble at every call of every route, once and for good; many random histories under trouble.
faults() {
    cargo test -p api-tests --features large --test contract troubles -- --nocapture
    PROPTEST_CASES=300 cargo test -p api-tests --test sessions random
    PROPTEST_CASES=20 cargo test --release -p api-tests --test sessions sizes
}
# The suites that are about the table, on AWS's own emulator and on another one.
engines() {
    for engine in dynamodb-local ministack; do
        tools/engine.sh "$engine" cargo test -p api-tests --test store --test api
    done
}
kills() { cargo test --features local/large --test durability -- --nocapture; }
load() { tests/load.sh; }
fuzz() { tests/fuzz.sh 600; }
conditions() { CARGO_PROFILE_DEV_OPT_LEVEL=1 python3 tests/conditions.py; }
mutants() {
    cargo mutants -p model --test-package model
    cargo mutants -p auth --test-package auth
    cargo mutants --no-config --profile mutants -p store --test-package store --test-package api-tests --test-tool nextest \
        -C --lib -C --test=store --timeout 180 \
        -f 'shared/store/src/table/{transaction,bookkeeping,expression,idempotency,retry,error,cursor}.rs'
}
skeletons() { xtask/try.sh; }
documents() { .ci/docs --all; }
# On the emulated AWS: with an issuer's public keys in place of a secret, and the restore of a table.
emulated() {
    tests/e2e.sh keys
    tests/e2e.sh restore
}

parts=("$@")
[ $# -gt 0 ] || parts=(faults engines kills load fuzz conditions mutants skeletons documents emulated)
for part in "${parts[@]}"; do
    case "$part" in
    faults | engines | kills | load | fuzz | conditions | mutants | skeletons | documents | emulated) ;;
    *) echo "There is no $part" >&2; exit 2 ;;
    esac
    began=$SECONDS
    printf '\n== %s\n' "$part"
    "$part"
    printf -- '-- %s: %d s\n' "$part" "$((SECONDS - began))"
done
