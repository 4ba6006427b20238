#!/usr/bin/env bash
# Runs the tests of the peers against AWS's DynamoDB Local. With POSTERN_LAMBDA_DIR Postern's own function is held to the same cases:
#   POSTERN_LAMBDA_DIR=target/lambda bench/peers/test.sh
# Further arguments go to Python's unittest, such as `Node` or `-k tag`.
set -euo pipefail
peers="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
if [ -n "${POSTERN_LAMBDA_DIR:-}" ]; then
    POSTERN_LAMBDA_DIR="$(cd "$POSTERN_LAMBDA_DIR" && pwd)"
    export POSTERN_LAMBDA_DIR
fi
"$peers/install.sh"
cd "$peers"
../../tools/engine.sh dynamodb-local python/venv/bin/python -B -W "ignore:The HMAC key" -m unittest "${@:-test_peers}"
