#!/usr/bin/env bash
# Builds the archives of a release for x86-64 and arm64, with checksums:
#   tools/release.sh [FOLDER]      # target/release-archives unless said otherwise
# An archive holds the functions in target/lambda and everything that `sam deploy` reads. The same commit makes the same archives.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target="${CARGO_TARGET_DIR:-$PWD/target}"
folder="${1:-$target/release-archives}"
version=$(sed -n '/^\[workspace.package\]/,/^$/ s/^version = "\(.*\)"$/\1/p' Cargo.toml)
POSTERN_COMMIT=$(git rev-parse --short=12 HEAD)
export POSTERN_COMMIT
written=$(git log -1 --format=%ct)
mkdir -p "$folder"

archive() {
    local architecture="$1" name="postern-$version-$1" scratch
    shift
    scratch=$(mktemp -d)
    tools/run.sh cargo lambda build --profile ship --lambda-dir "$scratch/$name/target/lambda" -p functions "$@"
    git archive HEAD template.yaml samconfig.example.toml LICENSE README.md SECURITY.md CHANGELOG.md api docs infra tests/e2e tools |
        tar --extract --directory "$scratch/$name"
    # SAM takes the architecture of the functions from a parameter.
    sed -i "/^  Architecture:/,/^    AllowedValues/ s/Default: x86_64/Default: $architecture/" "$scratch/$name/template.yaml"
    tar --create --directory "$scratch" --sort=name --mtime="@$written" --owner=0 --group=0 --numeric-owner "$name" |
        gzip --no-name --best >"$folder/$name.tar.gz"
    rm -rf "$scratch"
}

archive x86_64
archive arm64 --arm64
(cd "$folder" && sha256sum "postern-$version-x86_64.tar.gz" "postern-$version-arm64.tar.gz" >SHA256SUMS)
echo "$folder"
