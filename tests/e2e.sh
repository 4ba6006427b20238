#!/usr/bin/env bash
# The whole of Postern on an emulated AWS: builds the functions, deploys the real template with `sam deploy`, and walks
# through the life of a session over HTTP:
#   tests/e2e.sh
#   tests/e2e.sh keys       # the same with an issuer's public keys in place of a secret
#   tests/e2e.sh real       # the same by infra/real.sh, as it goes to a deployment of which it knows the URL alone
#   tests/e2e.sh restore    # rehearses "Restore" of docs/operations.md in place of the life of a session
# What was answered is compared with tests/e2e/observed.json; POSTERN_RECORD=1 writes it down anew.
# The emulator, ministack, listens on this machine's loopback interface only.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$root/tools/servers.sh"
home="$tools_folder/ministack"
target="${CARGO_TARGET_DIR:-$root/target}"
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1
unset AWS_PROFILE AWS_SESSION_TOKEN

environment ministack

step() {
    local heading="$1" began="$SECONDS"
    shift
    "$@"
    printf -- '%-34s %3d s\n' "$heading" "$((SECONDS - began))"
}

(cd "$root" && step "build" tools/run.sh cargo lambda build --quiet --release -p functions)

scratch=$(mktemp -d)
port=$(free_port)
export AWS_ENDPOINT_URL="http://127.0.0.1:$port"
# Secrets that may be found nowhere in what the functions log.
export POSTERN_E2E_SECRET="PLANTED-$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')"

services=apigateway,cloudformation,cloudwatch,dynamodb,ec2,events,iam,kms,lambda,logs,s3,scheduler,secretsmanager,sqs,ssm,sts
# AUTH: every call of a function is held against the policies of its role.
AUTH=true BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 GATEWAY_PORT="$port" MINISTACK_REGION="$AWS_REGION" SERVICES="$services" IOT_MTLS_ENABLED=0 \
    TMPDIR="$scratch" STATE_DIR="$scratch/state" S3_DATA_DIR="$scratch/s3" \
    "$home/bin/ministack" >"$scratch/ministack.log" 2>&1 &
server=$!
finish() {
    local status=$?
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    if [ "$status" -ne 0 ]; then
        tail -n 60 "$scratch/ministack.log" >&2
    fi
    rm -rf "$scratch"
    exit "$status"
}
trap finish EXIT

step "emulator" wait_for_port "$port" "$server"

# The emulator refuses alarms on an expression. What they would do is computed by tests/contract/alarms.
without_metric_math() {
    awk '/^  [A-Za-z]/ || /^[A-Za-z]/ { if (!is_math) printf "%s", block; block = ""; is_math = 0 }
        { block = block $0 "\n" } /^      Metrics:$/ { is_math = 1 } END { if (!is_math) printf "%s", block }'
}

# The template's folder as a clone has it after `cargo lambda build` without a target folder elsewhere.
mkdir -p "$scratch/clone/target"
# The emulator tells its policies no leading keys and no encryption context. "ForAllValues" holds for a request without them, and "Null" does
# not. And it has a batch of messages allowed under a name of its own, which AWS does not have.
sed -e '/"Null": { "dynamodb:LeadingKeys"/d' -e '/"Null": { "kms:EncryptionContext:/d' -e 's/"sqs:SendMessage"/"sqs:SendMessage", "sqs:SendMessageBatch"/' \
    "$root/template.yaml" | without_metric_math >"$scratch/clone/template.yaml"
ln -s "$target/lambda" "$scratch/clone/target/lambda"

journey() {
    "$home/bin/python" "$root/tests/e2e/main.py" "$@" "$root"
}
deploy() {
    # Without a terminal SAM asks nothing.
    if ! "$root/tools/run.sh" sam deploy --region "$AWS_REGION" --no-progressbar --resolve-s3 --no-confirm-changeset "$@" \
        >"$scratch/deploy.log" 2>&1 </dev/null; then
        cat "$scratch/deploy.log" >&2
        return 1
    fi
}

step "secret and security group" journey prepare
# Every group, because the emulator's policies know no tags of groups.
step "sam deploy, the target role" deploy --template "$root/infra/target-role.yaml" --stack-name postern-target \
    --capabilities CAPABILITY_NAMED_IAM --parameter-overrides PosternAccountId=000000000000 ExternalId=postern:acme \
    'GroupTag=""'
# The preflight's verdicts, which must end with a status. The emulator's caller is the account's root, of whom IAM simulates nothing: 3.
preflight() {
    local wanted="$1" status=0
    "$root/infra/preflight.sh" --template "$scratch/clone/template.yaml" postern JwtIssuer=https://issuer.example \
        JwtSecretName=postern/jwt TargetRoles=arn:aws:iam::000000000000:role/postern-target >"$scratch/preflight.log" 2>&1 || status=$?
    if [ "$status" -ne "$wanted" ]; then
        echo "the preflight ended with $status and not with $wanted" >&2
        cat "$scratch/preflight.log" >&2
        return 1
    fi
}
# How tokens are verified.
verified_by=(JwtSecretName=postern/jwt)
if [ "${1-}" = keys ]; then
    export POSTERN_E2E_TOKENS=keys
    keys=$(journey key_set)
    verified_by=("Jwks=\"${keys//\"/\\\"}\"")
fi
# The command of the guide, with the names of this deployment, and what else is to be overridden.
deploy_postern() {
    local command guide
    command=$(sed -n '/^tools\/run.sh sam deploy --stack-name postern /,/^```$/{/^```$/!p}' "$root/docs/guides/sam.md" |
        sed -e 's/idp\.example\.com/issuer.example/; s/444455556666/000000000000/')
    cd "$scratch/clone"
    eval "guide=(${command#tools/run.sh sam deploy})"
    deploy "${guide[@]}" "${verified_by[@]}" DeletionProtection=false "$@"
}
step "the preflight" preflight 3
step "sam deploy, template.yaml" deploy_postern
step "the preflight, of what is there" preflight 1
step "sam deploy, the dashboard" deploy --template "$root/infra/dashboard.yaml" --stack-name postern-dashboard
step "where the emulator differs" journey differences
if [ "${1-}" = restore ]; then
    step "a session" journey begin
    step "sam deploy, all stands still" deploy_postern Stopped=true
    step "what stands still" journey stopped
    step "a copy of the table" journey copy
    restored=(RestoredTableName=postern-restored RestoredTableStreamArn="$(journey stream_arn)")
    step "sam deploy, the copy" deploy_postern "${restored[@]}" Stopped=false
    step "the copy" journey restored
    exit
fi
if [ "${1-}" = real ]; then
    export POSTERN_E2E_FOLDER="$scratch"
    eval "$(journey environment)"
    # It knows nothing of the emulator, whose names lead nowhere.
    step "infra/real.sh" env -u AWS_ENDPOINT_URL -u POSTERN_E2E_SECRET \
        "$root/infra/real.sh" "$url" --connect-to "127.0.0.1:$port" --save "$scratch/observed.json"
    exit
fi
step "the journey" journey walk
