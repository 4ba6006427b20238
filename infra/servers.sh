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

# Waits until the server $2 listens on port $1. It fails when that takes half a minute, or when the server ends.
wait_for_port() {
    for _ in $(seq 300); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
            return
        fi
        kill -0 "$2" 2>/dev/null || return 1
        sleep 0.1
    done
    return 1
}
