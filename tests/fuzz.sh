#!/usr/bin/env bash
# Lets libFuzzer try to break what reads the texts of strangers, so many seconds each, and keeps the inputs that reach new code:
#   tests/fuzz.sh 600                # every target
#   tests/fuzz.sh 60 token cursor    # some of them
# A finding is a file below target/fuzz, and the script fails with its name. Needs a C++ compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds="${1:?how many seconds for each target}"
shift
targets=("$@")
[ $# -gt 0 ] || targets=(event cursor base58 token config)
version=0.13.2
if [ "$(cargo fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
    env -u CARGO_TARGET_DIR cargo install cargo-fuzz --quiet --locked --version "$version"
fi
work="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
# The instruments are compiler flags that stable Rust has; the check of the toolchain's name does not know that.
export CARGO_TARGET_DIR="$work/build" RUSTC_BOOTSTRAP=1

for target in "${targets[@]}"; do
    inputs="$work/corpus/$target" kept="tests/fuzz/corpus/$target.txt"
    mkdir -p "$inputs" "$work/findings/$target"
    python3 tests/fuzz/corpus.py unpack "$target" "$kept" "$inputs"
    cargo fuzz run --fuzz-dir tests/fuzz --sanitizer none "$target" "$inputs" -- \
        -max_total_time="$seconds" -max_len=8192 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$work/findings/$target/" 2>&1 | tee "$work/$target.log" | tail -n 14
    cargo fuzz cmin --fuzz-dir tests/fuzz --sanitizer none "$target" "$inputs" >/dev/null 2>&1
    python3 tests/fuzz/corpus.py pack "$target" "$kept" "$inputs"
done
