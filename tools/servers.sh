# Read by the other scripts: environments of Python tools, and servers on this machine's loopback interface. Everything that is
# installed stands outside the clone, so that every clone shares it.

pins_folder="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
tools_folder="${XDG_CACHE_HOME:-$HOME/.cache}/postern"

# Makes the virtual environment $1 from its pins. A copy of the pins in it says that it is complete.
environment() {
    local folder="$tools_folder/$1" wanted="$pins_folder/requirements-$1.txt"
    if cmp -s "$wanted" "$folder/pins.txt"; then
        return
    fi
    echo "Installing $(basename "$wanted") into $folder" >&2
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$folder/pins.txt"
}

# A port that nobody listens on.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until the server $2 listens on port $1. It fails when that takes two minutes, or when the server ends.
wait_for_port() {
    for _ in $(seq 1200); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
            return
        fi
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}

# Makes the folder of npm packages $1 from the lock file in $2. A copy of the lock file in it says that it is complete.
packages() {
    local folder="$tools_folder/$1" wanted="$2"
    if cmp -s "$wanted/package-lock.json" "$folder/complete.json"; then
        return
    fi
    echo "Installing the packages of $wanted into $folder" >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$wanted/package.json" "$wanted/package-lock.json" "$folder/"
    (cd "$folder" && npm ci --silent --ignore-scripts --no-audit --no-fund >&2)
    cp "$wanted/package-lock.json" "$folder/complete.json"
}

# Starts the local server on a free port, with what it says in the folder $1: server.out and server.err. It is `cargo run`, or the built
# program that POSTERN_BINARY names. Sets `server`, its process; `api`, its address; `admin` and `person`, tokens of the demo organization.
local_server() {
    local out="$1/server.out" command=(cargo run --quiet --)
    if [ -n "${POSTERN_BINARY:-}" ]; then
        command=("$POSTERN_BINARY")
    fi
    (cd "$pins_folder/.." && exec "${command[@]}" --port 0) >"$out" 2>"$1/server.err" &
    server=$!
    # It may have to be built first.
    for _ in $(seq 12000); do
        grep -q "^echo '# 1\." "$out" && break
        kill -0 "$server" 2>/dev/null || { cat "$1/server.err" >&2; return 1; }
        sleep 0.2
    done
    api=$(sed -n 's/^Postern is listening on //p' "$out")
    admin=$(sed -n 's/^TOKEN=//p' "$out")
    person=$(sed -n 's/^PERSON=//p' "$out")
}

# Sees to it that there is a zsh, which it installs where it may.
zsh_is_there() {
    if ! command -v zsh >/dev/null; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends zsh >/dev/null
    fi
}

# Fails when SAM's configuration lies beside the templates of infra/.
no_configuration_beside_templates() {
    local found
    found=$(compgen -G "$pins_folder/../infra/samconfig.*" || true)
    if [ -n "$found" ]; then
        echo "SAM would read this for every template in infra/: $found" >&2
        echo "Move what is for template.yaml to samconfig.toml in the root, and delete the rest." >&2
        return 1
    fi
}
