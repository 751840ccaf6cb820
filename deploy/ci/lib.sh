# shellcheck shell=bash disable=SC2034
# What the stages' scripts share. The one who sources it has set `me` to its name and is at the root of the repository.
#
# A stage that is told no names takes those that `deploy/ci/choose` wrote down. So a person runs one stage for one service,
# and the pipeline runs all of them for what changed, by the same line.

# shellcheck source=../../docker/lib.sh
source docker/lib.sh

ci_folder=${BANK_CI_DIR:-target/ci}
export CARGO_INCREMENTAL=0
jobs=-j${BANK_JOBS:-2}
# What is compiled for one package alone has other features switched on below it, so that half of it would be compiled
# again for each. All of it is one selection, the one of scripts/test; what is run is chosen afterwards.
selection=(--workspace --features distributed --locked)

# help_or_go "$@": prints the usage and ends when it is asked for.
help_or_go() {
    case "${1:-}" in
        -h | --help) usage; exit 0 ;;
        -*) usage_error "what is '$1'?" ;;
    esac
}

# written NAME: what `choose` wrote down, one a line.
written() {
    [ -e "$ci_folder/$1" ] || usage_error "nothing was chosen yet; name a service, or run deploy/ci/choose first"
    cat "$ci_folder/$1"
}

# stage_services [SERVICE…]: sets `services` to those that are named, or to those that were chosen. Ends when that is none.
stage_services() {
    local chosen
    if [ $# -gt 0 ]; then chosen=$(chosen_services "$@"); else chosen=$(written services); fi
    if [ -z "$chosen" ]; then
        say "no service was chosen, so there is nothing to do"
        exit 0
    fi
    mapfile -t services <<<"$chosen"
}

# stage_version: sets `version` to the one that was written down, or to that of the sources as they are.
stage_version() {
    if [ -n "${BANK_CI_VERSION:-}" ]; then
        version=$BANK_CI_VERSION
    elif [ -e "$ci_folder/version" ]; then
        version=$(<"$ci_folder/version")
        # Else what a build of a branch chose would go out under a release's name.
        [ -z "${TAG_NAME:-}" ] || [ "$version" = "${TAG_NAME#v}" ] ||
            usage_error "version $version was chosen, not the release $TAG_NAME; run deploy/ci/choose for it first"
    else
        version=$(deploy/ci/version)
    fi
    require_version "$version"
}

# stage_registry: sets `registry`.
stage_registry() {
    registry=${BANK_CI_REGISTRY:-}
    [ -n "$registry" ] || usage_error "BANK_CI_REGISTRY is not set; write HOST:PORT"
}

# The tool that starts, checks and deploys images.
bank_deploy() {
    local program=${BANK_DEPLOY:-}
    if [ -z "$program" ]; then
        cargo build "$jobs" --quiet "${selection[@]}" --bins >&2
        program=${CARGO_TARGET_DIR:-target}/debug/bank-deploy
    fi
    "$program" "$@"
}

# local_images: sets `image_names` to those of `services` as they were built here.
local_images() {
    local service
    image_names=()
    for service in "${services[@]}"; do image_names+=("$prefix/$service:$version"); done
}
