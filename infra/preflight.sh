#!/usr/bin/env bash
# Says before the first deployment whether it can succeed, and changes nothing:
#   infra/preflight.sh STACK [PARAMETER=VALUE...]
# The parameters are those of `sam deploy --parameter-overrides`. Account and region are those of the environment (AWS_PROFILE,
# AWS_REGION), as for `sam deploy`. It needs no AWS CLI.
#
# Each line is a verdict: "ok", "no" with what to do, or "unknown" with what could not be asked. It ends with
#   0 all is well   1 something stands in the way   2 the arguments are wrong   3 some questions had no answer, and the others are well
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../tools/servers.sh"

environment sam
exec "$tools_folder/sam/bin/python" "$pins_folder/../infra/preflight/main.py" "$@"
