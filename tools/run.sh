#!/usr/bin/env bash
# Runs a command with the tools that build, check and deploy on its PATH, after making them where they are missing:
#   tools/run.sh cargo lambda build --release -p functions
#   tools/run.sh sam validate --lint
# Without a command it prints their folders.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/servers.sh"
export SAM_CLI_TELEMETRY=0

# SAM reads a configuration beside the template that it deploys. One in infra/, as `sam deploy --guided` writes it, would send the role
# of a target account, the dashboard or the edge to the account and region of whatever was deployed before.
if [ "${1:-}" = sam ] && [ "${2:-}" = deploy ]; then
    no_configuration_beside_templates
fi

environment lambda
environment sam

if [ $# -eq 0 ]; then
    printf '%s\n' "$tools_folder/lambda/bin" "$tools_folder/sam/bin"
else
    PATH="$tools_folder/lambda/bin:$tools_folder/sam/bin:$PATH" exec "$@"
fi
