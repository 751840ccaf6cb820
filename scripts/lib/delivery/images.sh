# shellcheck shell=bash disable=SC2154
# Builds the images, and looks at what is in them.

images() {
    build_all
    refused 2 "no service is called 'loans'" "an unknown service" docker/build.sh "$version" loans
    refused 2 "is no version" "a version that is no tag" docker/build.sh "1:0" accounts
    refused 1 "no Docker engine answers" "an engine that is not there" \
        env DOCKER_HOST=unix:///nowhere/docker.sock docker/build.sh "$version" accounts
    refused 1 "cannot be pulled" "a base that is not there" \
        env BANK_BASE_IMAGE=127.0.0.1:1/no/base BANK_SBOM=none docker/build.sh "$version" accounts
    local service
    for service in $(services); do look_at "$service"; done
    look_for_shell
}

# Built once in a run, whichever step comes first.
build_all() {
    if [ -n "${built:-}" ]; then return; fi
    docker/build.sh "$version" >&2
    built=1
    ok "an image of every service is built"
}

label() { docker image inspect --format "{{index .Config.Labels \"org.opencontainers.image.$2\"}}" "$run/$1:$version"; }

look_at() { # SERVICE
    local image=$run/$1:$version key
    for key in title version revision created source; do
        [ -n "$(label "$1" $key)" ] || die "$image has no label $key"
    done
    [ "$(label "$1" title) $(label "$1" version)" = "$1 $version" ] || die "$image is labelled as something else"
    [[ $(label "$1" revision) == "$(git rev-parse HEAD)"* ]] || die "$image is labelled with another commit"
    [ "$(docker image inspect --format '{{.Config.User}}' "$image")" = 65532:65532 ] || die "$image runs as somebody"
    [ "$(docker image inspect --format '{{.Config.Healthcheck.Test}}' "$image")" = "[CMD /service health]" ] ||
        die "$image has another health check"
    docker run --rm --read-only --network none "$image" --version | grep -q . || die "$image does not run read-only"
    if [ "${BANK_SBOM:-cyclonedx}" = cyclonedx ]; then
        python3 - "$BANK_IMAGES_DIR/$version/$1.cdx.json" <<'PYTHON' || die "the bill of materials of $image is wrong"
import json, sys
bill = json.load(open(sys.argv[1]))
assert bill["bomFormat"] == "CycloneDX", bill["bomFormat"]
names = {component["name"] for component in bill["components"]}
assert {"tokio", "axum", "ring"} <= names, names
PYTHON
        ok "$1 has its bill of materials"
    fi
    ok "$1 is labelled, and runs as nobody and read-only"
}

look_for_shell() {
    local program
    for program in /bin/sh /bin/bash /usr/bin/apt-get /busybox/sh; do
        if docker run --rm --network none --entrypoint "$program" "$run/accounts:$version" -c true >/dev/null 2>&1; then
            die "$program is in the image"
        fi
    done
    ok "there is no shell and no package manager in an image"
}
