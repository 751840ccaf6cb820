#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR
#
# From the sources to one image a service, with a bill of materials beside each.
set -euo pipefail

usage() {
    cat <<'HELP'
docker/build.sh [--target copied|built] VERSION [SERVICE...]

Builds the images bank/SERVICE:VERSION of the services that are named, or of all in docker/services.toml, and prints one
line for each: its name and its id.

  --target copied   (default) one cargo build here makes all binaries, and each image takes its own
  --target built    compiles inside the engine, which needs no Rust here (but for the bill of materials: BANK_SBOM=none);
                    it needs BuildKit, which skips what the image is not made of

Beside the images, in target/images/VERSION:

  SERVICE.cdx.json  the bill of materials of the binary, in CycloneDX (made by cargo-cyclonedx, installed when missing)
  SERVICE.id        the image's id

An image that is more than 60 MB larger than its base is refused, unless BANK_PROFILE is dev.

Settings: BANK_BASE_IMAGE (gcr.io/distroless/cc-debian12:nonroot; docker/local-images.sh makes one where it cannot be
pulled), BANK_RUST_IMAGE (rust:1.95.0-bookworm, for --target built), BANK_PROFILE (dist; the cargo profile),
BANK_IMAGE_PREFIX (bank), BANK_IMAGES_DIR (target/images), BANK_SOURCE (where the sources are published, for the label),
BANK_SBOM (cyclonedx, or none), BANK_BINARIES (a folder with the programs, when they were built already),
CARGO_TARGET_DIR, BANK_CACHE (~/.cache/bank, for tools).
HELP
}

me=docker/build.sh
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=lib.sh
source docker/lib.sh

CYCLONEDX_VERSION=0.5.9
MOST_BYTES=$((60 * 1000 * 1000))
base=${BANK_BASE_IMAGE:-gcr.io/distroless/cc-debian12:nonroot}
profile=${BANK_PROFILE:-dist}
cache=${BANK_CACHE:-$HOME/.cache/bank}
target=copied

case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    --target)
        target=${2:-}
        [[ $target = copied || $target = built ]] || usage_error "--target is copied or built, not '$target'"
        shift 2
        ;;
    -*) usage_error "what is '$1'?" ;;
esac
[ $# -ge 1 ] || usage_error "which version?"
version=$1
shift
require_version "$version"
chosen=$(chosen_services "$@")
mapfile -t services <<<"$chosen"
require_engine
out=$images_dir/$version
mkdir -p "$out"

# ---- the binaries ---------------------------------------------------------------------

# Built once for all of them, so that what they share is compiled and optimised once.
build_binaries() {
    local service packages=() folder=$profile
    if [ -n "${BANK_BINARIES:-}" ]; then
        take_binaries "$BANK_BINARIES"
        return
    fi
    for service in "${services[@]}"; do packages+=(-p "$service"); done
    cargo build -j"${BANK_JOBS:-2}" --locked --profile "$profile" --features distributed --bins "${packages[@]}" >&2
    [ "$profile" = dev ] && folder=debug
    take_binaries "${CARGO_TARGET_DIR:-target}/$folder"
}

# Symbols stay, so that a backtrace has names; tables of lines would be half of an image.
take_binaries() { # FOLDER
    local service
    for service in "${services[@]}"; do
        [ -x "$1/$service" ] || die "there is no program $1/$service"
        # A folder each, which is all that the engine is sent for that image.
        mkdir -p "$work/$service/state"
        strip --strip-debug -o "$work/$service/$service" "$1/$service"
    done
}

# ---- the images -----------------------------------------------------------------------

# What the image says of its origin. The same commit has the same labels, however often it is built.
origin_arguments() {
    local revision created source
    revision=$(git rev-parse HEAD)
    [ -z "$(git status --porcelain)" ] || revision+=-changed
    created=$(git show -s --format=%cI HEAD)
    source=${BANK_SOURCE:-$(git remote get-url origin 2>/dev/null || echo unknown)}
    # An address with a password in it is nobody's business.
    source=$(sed -E 's#^([a-z+]+://)[^/@]*@#\1#' <<<"$source")
    arguments+=(--build-arg "REVISION=$revision" --build-arg "CREATED=$created" --build-arg "SOURCE=$source")
}

size_of() { docker image inspect --format '{{.Size}}' "$1"; }

build_image() { # SERVICE
    local image=$prefix/$1:$version context=$work/$1 id extra
    # The other builder would carry out the stage that copies a program which is not there.
    if [ "$target" = built ]; then context=. DOCKER_BUILDKIT=1; export DOCKER_BUILDKIT; fi
    docker build "${arguments[@]}" --build-arg "SERVICE=$1" --target "$target" --tag "$image" \
        --file docker/Dockerfile "$context" >"$out/$1.log" 2>&1 ||
        die "building $image failed: $(grep -v '^[[:space:]]*$' "$out/$1.log" | tail -n 1); see $out/$1.log"
    extra=$(($(size_of "$image") - $(size_of "$base")))
    # A program that was not optimised is larger, and goes nowhere.
    if [ "$profile" != dev ] && ((extra > MOST_BYTES)); then
        die "$image is $((extra / 1000000)) MB larger than its base, more than $((MOST_BYTES / 1000000)) MB"
    fi
    id=$(image_id "$image")
    echo "$id" >"$out/$1.id"
    echo "$image $id"
}

# ---- the bills of materials -----------------------------------------------------------

install_cyclonedx() {
    [ -x "$cache/tools/bin/cargo-cyclonedx" ] && return
    say "installs cargo-cyclonedx"
    cargo install -j"${BANK_JOBS:-2}" cargo-cyclonedx --version "$CYCLONEDX_VERSION" --locked --quiet \
        --root "$cache/tools" --target-dir "${CARGO_TARGET_DIR:-target}/tools" >&2
}

# The tool writes beside each manifest, so it works on a copy of the sources.
write_bills() {
    local copy=$work/sources service
    mkdir -p "$copy"
    git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$copy" 2>/dev/null || true
    (cd "$copy" && "$cache/tools/bin/cargo-cyclonedx" cyclonedx --quiet --format json --spec-version 1.5 \
        --features distributed --target "$(rustc -vV | sed -n 's/^host: //p')" >&2)
    for service in "${services[@]}"; do
        mv "$copy/services/$service/$service.cdx.json" "$out/$service.cdx.json"
    done
}

# ---- all of it ------------------------------------------------------------------------

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
arguments=(--build-arg "BASE=$base" --build-arg "VERSION=$version" --build-arg "PROFILE=$profile"
    --build-arg "RUST=${BANK_RUST_IMAGE:-rust:1.95.0-bookworm}")
origin_arguments
if ! docker image inspect "$base" >/dev/null 2>&1; then
    docker pull --quiet "$base" >/dev/null 2>&1 ||
        die "the base image $base cannot be pulled; docker/local-images.sh makes one"
fi
if [ "$target" = copied ]; then build_binaries; fi
if [ "${BANK_SBOM:-cyclonedx}" = cyclonedx ]; then
    install_cyclonedx
    write_bills
fi
for service in "${services[@]}"; do build_image "$service"; done
