#!/usr/bin/env bash
# Makes a function of every shape in a copy of the tree, edits nothing else, and runs there what would notice that one is not whole:
#   xtask/try.sh
# With CARGO_TARGET_DIR the packages that are not of this workspace need not be built again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}" CARGO_INCREMENTAL=0 INSTA_UPDATE=no
# Always the same folder, so that the second run builds less.
copy="$CARGO_TARGET_DIR/skeletons"
rm -rf "$copy"
mkdir -p "$copy"
git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from - | tar --extract --directory "$copy"
cd "$copy"

# Cargo tells packages apart by name, version and place in their workspace: with the same version it would take what is built here for
# what is built of the tree, and the other way round.
sed -i '/^\[workspace.package\]/,/^$/ s/^version = .*/version = "0.0.0"/' Cargo.toml

new() { cargo xtask new-function "$@" 2>"$copy.said" || { cat "$copy.said"; return 1; }; }
contents() { find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum; }

new report-list GET /reports
new report-create POST /reports
new report-settings-replace PUT /reports/settings
new role-history-list GET '/roles/{id}/history'
new role-archive POST '/roles/{id}/archive'
new role-unarchive DELETE '/roles/{id}/archive'
new user-history-list GET '/users/{id}/history'
new user-note-set PATCH '/users/{id}/note'
new resource-label-set PUT '/resources/{id}/label'
new resource-label-remove DELETE '/resources/{id}/label'

# What is refused writes nothing.
before=$(contents)
for refused in 'report-list GET /others' 'other-list GET /reports' 'other-get GET /others/{id}/parts' 'Other GET /others' 'other-list HEAD /others'; do
    # shellcheck disable=SC2086 # The three words.
    if new $refused >/dev/null; then
        echo "xtask/try.sh: $refused was not refused" >&2
        exit 1
    fi
done
if [ "$before" != "$(contents)" ]; then
    echo "xtask/try.sh: what was refused wrote something" >&2
    exit 1
fi

cargo xtask generate --check
cargo fmt --all --check
cargo clippy --quiet -p xtask -p store -p model -p api-tests --all-targets --features api-tests/bootstraps -- -D warnings
cargo clippy --quiet -p functions -- -D warnings
cargo test --quiet -p api-tests --test contract
echo "skeletons of every shape pass as they are"
