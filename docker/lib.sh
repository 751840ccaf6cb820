# shellcheck shell=bash disable=SC2034,SC2154
# What the scripts beside this file share. The one who sources it has set `me` to its name and is at the root of the
# repository.

images_dir=${BANK_IMAGES_DIR:-target/images}
prefix=${BANK_IMAGE_PREFIX:-bank}

say() { printf '%s: %s\n' "$me" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

usage_error() {
    say "$*; see $me --help"
    exit 2
}

# Every service that has an image, one a line.
all_services() { sed -n 's/^\[\([a-z-]*\)\]$/\1/p' docker/services.toml; }

# chosen_services [SERVICE…]: those, or all when none is named.
chosen_services() {
    local service
    if [ $# = 0 ]; then
        all_services
        return
    fi
    for service in "$@"; do
        all_services | grep -qxF -- "$service" ||
            usage_error "no service is called '$service'; there are: $(all_services | tr '\n' ' ')"
    done
    printf '%s\n' "$@"
}

# A version becomes a tag, which takes no more than this.
require_version() {
    [[ $1 =~ ^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$ ]] || usage_error "'$1' is no version; write something like 1.4.0"
}

require_engine() {
    command -v docker >/dev/null || die "the docker command is missing; install docker.io or docker-cli"
    docker version --format '{{.Server.Version}}' >/dev/null 2>&1 ||
        die "no Docker engine answers${DOCKER_HOST:+ at $DOCKER_HOST}; start one, or name it in DOCKER_HOST"
}

# image_id IMAGE: sha256:… of an image of this engine.
image_id() { docker image inspect --format '{{.Id}}' "$1" 2>/dev/null; }
