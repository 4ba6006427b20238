#!/usr/bin/env bash
# Holds the local server against its description, api/openapi.yaml: schemathesis makes requests of it, follows its links, and checks
# every answer:
#   tests/schemathesis/run.sh [EXAMPLES [SEED]]     # of each operation; 60, and the seed 20261125, unless said otherwise
# POSTERN_BINARY names a built server; else it is `cargo run`. Fails on any failure, and when too few cases were run for their success to
# mean something. Exceptions and their reasons: schemathesis.toml and hooks.py.
set -euo pipefail
folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$folder/../.." && pwd)"
. "$root/tools/servers.sh"
examples="${1:-60}"
seed="${2:-20261125}"
fewest=5000

environment schemathesis
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
# A caller with a limit would see little but 429.
export POSTERN_RATE_PER_MINUTE=0
local_server "$scratch"

failed=0
(cd "$scratch" && PYTHONDONTWRITEBYTECODE=1 SCHEMATHESIS_HOOKS="$folder/hooks.py" \
    "$tools_folder/schemathesis/bin/schemathesis" --config-file "$folder/schemathesis.toml" run "$root/api/openapi.yaml" \
    --url "$api" --header "Authorization: Bearer $admin" --max-examples "$examples" --seed "$seed" \
    --report json --report-json-path report.json) || failed=1
cases=$(python3 -c 'import json, sys; it = json.load(open(sys.argv[1]))["test_cases"]; print(it["generated"] - it["without_checks"])' \
    "$scratch/report.json")
echo "$cases cases, seed $seed"
if [ "$cases" -lt "$fewest" ]; then
    echo "Fewer than $fewest cases ran" >&2
    failed=1
fi
exit "$failed"
