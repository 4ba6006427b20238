#!/usr/bin/env bash
# Makes everything that the two bootstraps need: node_modules and the bundle, the virtual environment. What is downloaded stands
# outside the clone, so that every clone shares it, and is made anew only when its pins have changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
. ../../tools/servers.sh

# Installs the lock file's packages. AWS's runtime interface client is compiled here, and needs cmake and a C++ compiler.
install_node_modules() {
    local folder="$tools_folder/bench-node" headers
    if cmp -s node/package-lock.json "$folder/pins.json"; then
        return
    fi
    pins_folder=node environment bench-build
    echo "Installing node/package-lock.json into $folder" >&2
    rm -rf "$folder"
    mkdir -p "$folder"
    cp node/package.json node/package-lock.json node/.npmrc "$folder"
    # Node's own headers, where they came with it: node-gyp would fetch them otherwise.
    headers=$(node -p 'require("path").resolve(process.execPath, "../..")')
    if [ -f "$headers/include/node/node_api.h" ]; then
        export npm_config_nodedir="$headers"
    fi
    (cd "$folder" && PATH="$tools_folder/bench-build/bin:$PATH" npm ci --silent --no-audit --no-fund >&2)
    cp node/package-lock.json "$folder/pins.json"
}

install_node_modules
ln -sfn "$tools_folder/bench-node/node_modules" node/node_modules
mkdir -p node/dist
ln -sf "$(node -p process.execPath)" node/dist/node
# What a careful user ships: one file, minified, of which nothing is loaded that is not used.
node/node_modules/.bin/esbuild node/handler.mjs --bundle --minify --platform=node --target=node20 --format=cjs \
    --main-fields=module,main --outfile=node/dist/index.js --log-level=warning

pins_folder=python environment bench-python
ln -sfn "$tools_folder/bench-python" python/venv
