#!/usr/bin/env bash
# Looks at `/docs` in Chromium, on a desk and on a phone, with the demo's token:
#   tests/page.sh [FOLDER]         # pictures stay in the folder
# Needs Node 20, and Chromium, which it installs where it may.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/servers.sh

browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
if [ -z "$browser" ]; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null
    browser=$(command -v chromium)
fi
packages page tests/page
scratch=$(mktemp -d)
pictures="${1:-$scratch}"
mkdir -p "$pictures"
local_server "$scratch"
trap 'kill "$server" 2>/dev/null || true; rm -rf "$scratch"' EXIT
NODE_PATH="$tools_folder/page/node_modules" node tests/page/look.cjs "$api" "$admin" "$browser" "$pictures"
