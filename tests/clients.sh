#!/usr/bin/env bash
# Makes clients of api/openapi.yaml with generators that know nothing of this API, in TypeScript and in Python, and walks through the
# five seeds and the life of a session with each:
#   tests/clients.sh
# The clients are made anew into a scratch folder; kept are the journeys, which the compiler and mypy hold against them before they run.
# POSTERN_BINARY names a built server; else it is `cargo run`. Needs Node 20 and Python 3.11.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/tools/servers.sh"
journeys="$root/tests/clients"
document="$root/api/openapi.yaml"

environment clients
packages clients-typescript "$journeys/typescript"
scratch=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT

# openapi-typescript makes the types, which openapi-fetch reads.
typescript_client() {
    cp -r "$journeys/typescript" "$scratch/typescript"
    ln -s "$tools_folder/clients-typescript/node_modules" "$scratch/typescript/node_modules"
    local tools="$scratch/typescript/node_modules/.bin"
    "$tools/openapi-typescript" "$document" --output "$scratch/typescript/api.ts" >/dev/null
    "$tools/tsc" --project "$scratch/typescript"
}

# What it cannot make of the description is a warning to openapi-python-client, and a failure here.
python_client() {
    local tools="$tools_folder/clients/bin"
    mkdir "$scratch/python"
    cp "$journeys/python/journey.py" "$scratch/python/"
    "$tools/openapi-python-client" generate --path "$document" --config "$journeys/python/generator.yaml" --meta none \
        --fail-on-warning --output-path "$scratch/python/postern_client" >"$scratch/python.log" || { cat "$scratch/python.log" >&2; return 1; }
    (cd "$scratch/python" && "$tools/mypy" --strict --no-error-summary --cache-dir "$scratch/mypy" journey.py)
}

typescript_client
python_client
local_server "$scratch"
export POSTERN_API="$api" POSTERN_ADMIN="$admin" POSTERN_PERSON="$person"
node "$scratch/typescript/built/journey.js"
"$tools_folder/clients/bin/python" "$scratch/python/journey.py"
