#!/usr/bin/env bash
# Serves the built functions in containers with `sam local start-api`, on the table of a `cargo run` beside it:
#   cargo run -- --dynamodb-port 8000 --dynamodb-address 172.17.0.1
#   tools/sam-local.sh --port 3001
# 172.17.0.1 is this machine as Docker's containers see it; POSTERN_ENDPOINT names another address. The functions
# read the secret of the tokens there. Further arguments go to SAM.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
target="$(realpath "${CARGO_TARGET_DIR:-$root/target}")"
endpoint="${POSTERN_ENDPOINT:-http://172.17.0.1:8000}"
# What the endpoint takes for credentials.
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The template as it is, but for where the functions and AWS are: SAM passes on no variable that the template does not name.
sed -e "s#CodeUri: target/lambda/#CodeUri: $target/lambda/#" \
    -e "s#^        POSTERN_TABLE: .*#&\n        AWS_ENDPOINT_URL: $endpoint#" \
    "$root/template.yaml" >"$scratch/template.yaml"
cat >"$scratch/environment.json" <<JSON
{"Parameters": {"POSTERN_TABLE": "postern", "POSTERN_KMS_KEY_ID": "alias/postern", "POSTERN_JWT_SECRET_NAME": "postern/jwt",
 "POSTERN_JWT_ISSUER": "https://postern.local"}}
JSON

"$root/tools/run.sh" sam local start-api --template "$scratch/template.yaml" --env-vars "$scratch/environment.json" \
    --region "$AWS_REGION" "$@"
