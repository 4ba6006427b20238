#!/usr/bin/env bash
# Compares the viewer of the API's description with the npm package that its lock file pins:
#   api/viewer.sh                # fails where a file differs
#   api/viewer.sh --take         # takes the package's files
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. tools/servers.sh

vendor=shared/description/vendor
packages viewer "$vendor"
for file in swagger-ui-bundle.js swagger-ui.css LICENSE NOTICE swagger-ui-bundle.js.LICENSE.txt; do
    theirs="$tools_folder/viewer/node_modules/swagger-ui-dist/$file"
    if [ "${1:-}" = --take ]; then
        install -m 644 "$theirs" "$vendor/$file"
    fi
    cmp "$theirs" "$vendor/$file"
done
