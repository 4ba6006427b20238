#!/usr/bin/env bash
# Walks through the life of a session on a deployment, and prints what differs from the emulated AWS of `tests/e2e.sh`:
#   infra/real.sh URL                 # the output ApiUrl of the stack
#   infra/real.sh URL --clean         # only deletes what a run has left that was killed
# The environment says the rest, and no argument does, because arguments can be read by others:
#   POSTERN_ADMIN_TOKEN, POSTERN_PERSON_TOKEN    tokens of an administrator and of a person of one organization, for 10 minutes or more;
#                                                POSTERN_…_TOKEN_FILE names a file in their place that others may not read
#   POSTERN_TARGET_ROLE                          the ARN of the role in the target account
#   POSTERN_GROUP, POSTERN_GROUP_REGION          a security group there that nothing uses, and its region
#   POSTERN_GROUP_PROFILE                        optional: a profile that may describe the group's rules, to look at them
#
# What it makes has names that begin with "postern journey", and is deleted at the end, also after a failure or Ctrl-C. It ends with
#   0 all was well, and as on the emulator   1 a step failed   2 something is not given   3 all was well, and something differs
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../tools/servers.sh"

environment sam
exec "$tools_folder/sam/bin/python" -B "$pins_folder/../tests/e2e/real.py" "$@"
