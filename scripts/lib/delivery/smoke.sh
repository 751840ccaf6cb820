# shellcheck shell=bash disable=SC2154
# Smoke-tests each image, and sees that broken ones are found.

smoke() {
    smoke_all
    refused 1 "there is no image $run/accounts:none" "a missing image" "$deploy" smoke "$run/accounts:none"
    refused 1 "does not answer" "an engine that is not there" \
        env DOCKER_HOST=unix:///nowhere/docker.sock "$deploy" smoke "$run/accounts:$version"
    refused 1 "is no service of docker/services.toml" "an image of something else" \
        "$deploy" smoke "${BANK_POSTGRES_IMAGE:-postgres:17}"
    broken_images
    [ -z "$(docker ps --all --quiet --filter label=bank.smoke)" ] || die "a smoke test left containers"
    [ -z "$(docker network ls --quiet --filter label=bank.smoke)" ] || die "a smoke test left a network"
    ok "no smoke test left anything in the engine"
}

# All in one go, so that they share the servers. Done once in a run.
smoke_all() {
    if [ -n "${smoked:-}" ]; then return; fi
    build_all
    local images=() service
    for service in $(services); do images+=("$run/$service:$version"); done
    "$deploy" smoke "${images[@]}" >"$work/smoke.out" || { cat "$work/smoke.out" >&2; die "an image is not fit"; }
    cat "$work/smoke.out" >&2
    smoked=1
    ok "every image starts, gets ready, answers a real request and drains"
}

# variant NAME: an image like that of accounts, with the lines of standard input in its Dockerfile.
variant() {
    mkdir -p "$work/variant"
    { echo "FROM $run/accounts:$version"; cat; } >"$work/variant/Dockerfile"
    docker build --tag "$run/accounts:$1" "$work/variant" >/dev/null 2>&1 || die "the variant $1 cannot be built"
}

# unfit NAME TEXT WHAT [OPTION…]: the smoke test finds it, says why, and shows the end of its log.
unfit() {
    local name=$1 text=$2 what=$3 code=0
    shift 3
    "$deploy" smoke "$@" "$run/accounts:$name" >"$work/out" 2>"$work/err" || code=$?
    if [ $code != 1 ] || ! grep -qF -- "$text" "$work/out"; then
        cat "$work/out" "$work/err" >&2
        die "$what: exit code $code"
    fi
    ok "$what is found: $(head -n 1 "$work/out")"
}

broken_images() {
    variant wrong-settings <<<'ENV BANK_LANES=many'
    unfit wrong-settings "ended with exit code 2 before it was ready" "an image whose settings are wrong"
    grep -q "setting .lanes." "$work/out" || { cat "$work/out" >&2; die "its log is not shown"; }
    ok "the end of its log is shown"
    variant never-ready <<<'ENV BANK_LISTEN=127.0.0.1:8080'
    unfit never-ready "is not ready after" "an image that nobody can reach" --ready-within 10
    variant impatient <<<'ENV BANK_DRAIN=0s'
    unfit impatient "dropped a request in hand" "an image that drops what it has in hand"
    "$deploy" --json smoke "$run/accounts:impatient" >"$work/out" 2>"$work/err" || true
    python3 -c 'import json, sys; outcome, = json.load(sys.stdin); assert outcome["service"] == "accounts", outcome' \
        <"$work/out" || die "--json is no JSON"
    ok "the outcome is also one JSON document"
}
