#!/usr/bin/env bash
# Holds the templates against SAM, cfn-lint with the rules of infra/lint, and checkov, and the API's description against Redocly's linter,
# which needs Node 20:
#   infra/check.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/servers.sh
region=eu-central-1

environment checkov
packages redocly api/redocly

lint() {
    tools/run.sh cfn-lint --append-rules infra/lint --regions "$region" --format parseable "$@"
}

no_configuration_beside_templates

noticed=$(lint --template infra/lint/broken.yaml | grep -o 'E91[0-9][0-9]' | sort -u | xargs || true)
if [ "$noticed" != "E9101 E9102 E9103 E9104 E9105 E9106 E9107 E9108 E9109 E9110" ]; then
    echo "infra/lint/broken.yaml: noticed only: $noticed" >&2
    exit 1
fi

"$tools_folder/sam/bin/python" -B infra/preflight/test.py
"$tools_folder/sam/bin/python" -B tests/e2e/test.py

tools/run.sh sam validate --lint --template template.yaml --region "$region"
lint --template template.yaml infra/target-role.yaml infra/dashboard.yaml
# Functions, roles and stages are there only after SAM's transform. It puts the default of Tracing in place of the parameter (W2001); and a
# value that a condition chooses is held against its default, with which it is not chosen (W1030).
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$tools_folder/sam/bin/python" infra/lint/expanded.py template.yaml "$region" >"$scratch/expanded.json"
lint --ignore-checks W1030 W2001 --template "$scratch/expanded.json"
# CloudFormation takes 500 resources in a stack: docs/operations.md.
count=$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["Resources"]))' <"$scratch/expanded.json")
if [ "$count" -gt 450 ]; then
    echo "The stack has $count resources, and CloudFormation takes 500" >&2
    exit 1
fi
# Web ACLs of distributions are in us-east-1 alone.
region=us-east-1 lint --template infra/edge.yaml
"$tools_folder/checkov/bin/checkov" --config-file infra/checkov.yaml
# It tells nobody that it ran, and asks nobody for a newer one.
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
    "$tools_folder/redocly/node_modules/.bin/redocly" lint --config api/redocly.yaml api/openapi.yaml
