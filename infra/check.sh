#!/usr/bin/env bash
# Holds the templates against SAM, cfn-lint with the rules of infra/lint, and checkov:
#   infra/check.sh
# checkov's tools stand outside the clone, so that every clone shares them.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
home="${XDG_CACHE_HOME:-$HOME/.cache}/postern/checkov"
pins=infra/requirements-checkov.txt
region=eu-central-1

# A copy of the pins in the environment says that it is complete.
if ! cmp -s "$pins" "$home/pins.txt"; then
    echo "Installing $(basename "$pins") into $home" >&2
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins" >&2
    cp "$pins" "$home/pins.txt"
fi

lint() {
    infra/tools.sh cfn-lint --append-rules infra/lint --regions "$region" --format parseable "$@"
}

noticed=$(lint --template infra/lint/broken.yaml | grep -o 'E91[0-9][0-9]' | sort -u | xargs || true)
if [ "$noticed" != "E9101 E9102 E9103 E9104" ]; then
    echo "infra/lint/broken.yaml: noticed only: $noticed" >&2
    exit 1
fi

infra/tools.sh sam validate --lint --template template.yaml --region "$region"
lint --template template.yaml infra/target-role.yaml infra/dashboard.yaml
"$home/bin/checkov" --config-file infra/checkov.yaml
