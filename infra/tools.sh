#!/usr/bin/env bash
# Runs a command with the tools that build, check and deploy on its PATH, after making them where they are missing:
#   infra/tools.sh cargo lambda build --release -p functions
#   infra/tools.sh sam validate --lint
# Without a command it prints their folders. They stand outside the clone, so that every clone shares them.
set -euo pipefail

home="${XDG_CACHE_HOME:-$HOME/.cache}/postern"
pins="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export SAM_CLI_TELEMETRY=0

# Makes the virtual environment $1 from its pins. A copy of the pins in it says that it is complete.
environment() {
    local folder="$home/$1" wanted="$pins/requirements-$1.txt"
    if cmp -s "$wanted" "$folder/pins.txt"; then
        return
    fi
    echo "Installing $(basename "$wanted") into $folder" >&2
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$folder/pins.txt"
}

environment lambda
environment sam

if [ $# -eq 0 ]; then
    printf '%s\n' "$home/lambda/bin" "$home/sam/bin"
else
    PATH="$home/lambda/bin:$home/sam/bin:$PATH" exec "$@"
fi
