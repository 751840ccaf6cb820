# shellcheck shell=bash disable=SC2154
# Deploys the published images beside servers of docker-compose.yml, under load: new versions, broken ones, runs that are
# killed half-way, two at once, and back. Not one request may fail from the first deployment to the last.

deploy() {
    environment=d$$
    next_version=0.0.2-test
    desired=$work/environment.toml
    deploy_servers
    deploy_publish
    deploy_bad_input
    deploy_first
    deploy_load_starts
    deploy_next
    deploy_broken
    deploy_killed
    deploy_at_once
    deploy_back
    deploy_load_ends
    deploy_repaired
    deploy_remove || die "something of the environment cannot be removed"
    [ -z "$(docker ps --all --quiet --filter "name=^$environment-")" ] || die "a container is left"
    ok "nothing is left of it"
}

# Only what the services stand on.
deploy_servers() {
    local program
    program=$(compose_program)
    export BANK_SECRETS=$work/secrets
    deploy_composed=("$program" --project-name "$environment-servers" --file docker-compose.yml)
    cleanups+=(deploy_remove)
    docker/secrets.sh "$BANK_SECRETS"
    expect "the servers are up" timeout 300 "${deploy_composed[@]}" up --wait --wait-timeout 240 postgres kafka mongo
    expect "and have the databases" timeout 120 "${deploy_composed[@]}" run --rm -T databases
}

deploy_remove() {
    local containers volumes
    containers=$(docker ps --all --quiet --filter "label=bank.environment=$environment")
    # shellcheck disable=SC2086
    [ -z "$containers" ] || docker rm --force --volumes $containers >/dev/null
    volumes=$(docker volume ls --quiet --filter "name=^$environment-")
    "${deploy_composed[@]}" down --volumes --remove-orphans --timeout 20 >/dev/null 2>&1
    # shellcheck disable=SC2086
    [ -z "$volumes" ] || docker volume rm --force $volumes >/dev/null
}

deployed_services() { services | grep -vx bank; }

# Two versions of all that differ in their labels, and two broken ones of accounts. What publishing looks at, the step
# `publish` shows; here it is done for one service, by which `published` is seen.
deploy_publish() {
    local service port
    build_all
    [ -n "${registry:-}" ] || start_registry
    for service in $(deployed_services); do
        deploy_push "$service" "$version" </dev/null
        deploy_push "$service" "$next_version" <<<"LABEL org.opencontainers.image.version=$next_version"
    done
    deploy_push accounts 0.0.3-ends <<<$'LABEL org.opencontainers.image.version=0.0.3-ends\nENV BANK_LANES=many'
    deploy_push accounts 0.0.4-never-ready \
        <<<$'LABEL org.opencontainers.image.version=0.0.4-never-ready\nENV BANK_LISTEN=127.0.0.1:8080'
    docker tag "$run/transfers:$version" "$registry/accounts:wrong"
    docker push --quiet "$registry/accounts:wrong" >/dev/null || die "an image cannot be pushed"
    expect "an image is fit" "$deploy" smoke "$run/accounts:$version"
    expect "and published" docker/publish.sh "$registry" "$version" accounts
    port=$(free_port)
    gateway=http://127.0.0.1:$port
    {
        printf 'name = "%s"\nnetwork = "%s-servers_bank"\n' "$environment" "$environment"
        printf 'secrets = "%s"\nregistry = "%s"\nbind = "127.0.0.1:%s"\n[services]\n' "$BANK_SECRETS" "$registry" "$port"
        for service in $(deployed_services); do
            if [ "$service" = accounts ]; then echo 'accounts = "published"'; else echo "$service = \"$version\""; fi
        done
    } >"$desired"
}

# deploy_push SERVICE VERSION: that of this run, with the lines of standard input in its Dockerfile.
deploy_push() {
    local image=$registry/$1:$2
    mkdir -p "$work/variant"
    { echo "FROM $run/$1:$version"; cat; } >"$work/variant/Dockerfile"
    docker build --tag "$image" "$work/variant" >/dev/null 2>&1 || die "$image cannot be built"
    docker push --quiet "$image" >/dev/null || die "$image cannot be pushed"
}

# ---- how it is called ------------------------------------------------------------------

apply() { "$deploy" apply "$desired" --watch 1 "$@"; }

# all_at VERSION: the options that say so.
all_at() {
    local service
    for service in $(deployed_services); do printf -- '--set\n%s=%s\n' "$service" "$1"; done
}

# containers_of SERVICE: the ids of those that run, and of those that do not.
containers_of() {
    docker ps --all --quiet --no-trunc --filter "label=bank.environment=$environment" \
        --filter "label=bank.service=$1" --filter label=bank.role=instance | sort
}

running_of() {
    docker ps --quiet --no-trunc --filter "label=bank.environment=$environment" --filter "label=bank.service=$1" \
        --filter label=bank.role=instance
}

# serves SERVICE VERSION [KEPT]: it is current and ready, no third one is there, and where a version to go back to is named,
# that one is kept.
serves() {
    # On a busy machine an answer may be late, which is told as not ready.
    until_so 15 is_served "$@" || die "$1 is not served in version $2: $(cat "$work/status")"
    [ "$(containers_of "$1" | wc -l)" -le 2 ] || die "more than two containers of $1 are left"
    [ "$(running_of "$1" | wc -l)" = 1 ] || die "not one container of $1 runs"
}

is_served() { # SERVICE VERSION [KEPT]
    "$deploy" --json status "$desired" >"$work/status" || return
    python3 - "$work/status" "$1" "$2" "${3:-}" <<'PYTHON'
import json, sys
path, service, version, kept = sys.argv[1:]
found, = [standing for standing in json.load(open(path)) if standing["service"] == service]
assert found["ready"] and found["version"] == version, found
assert not kept or (found["kept"] or {}).get("version") == kept, found
PYTHON
}

# ---- what happens ----------------------------------------------------------------------

deploy_bad_input() {
    local wrong=$work/wrong.toml digest
    digest=sha256:$(printf '0%.0s' {1..64})
    refused 1 "no deployed service is called \`loans\`" "an unknown service" apply --set loans=1
    refused 1 "is no change; write SERVICE=VERSION" "a change that is none" apply --set accounts
    refused 1 "services.accounts: " "a version that nobody published" apply --set accounts=9.9.9
    refused 1 "services.accounts: " "a digest that is not there" apply --set "accounts=$digest"
    refused 1 "is an image of \`transfers\`, and not of accounts" "another service's image" apply --set accounts=wrong
    refused 1 "does not answer" "an engine that is not there" env DOCKER_HOST=unix:///nowhere/docker.sock "$deploy" apply "$desired"
    sed "s#^registry = .*#registry = \"127.0.0.1:1\"#" "$desired" >"$wrong"
    refused 1 "services.customers: " "a registry that is not there" "$deploy" apply "$wrong"
    sed "s#^network = .*#network = \"$environment-none\"#" "$desired" >"$wrong"
    refused 1 "network: the engine has no network" "a network that is not there" "$deploy" apply "$wrong"
    sed "s#^secrets = .*#secrets = \"$work/none\"#" "$desired" >"$wrong"
    refused 1 "which docker/secrets.sh draws" "a folder without secrets" "$deploy" apply "$wrong"
    sed "s#^bind = .*#bind = \"localhost\"#" "$desired" >"$wrong"
    refused 1 "bind" "an address that is none" "$deploy" apply "$wrong"
    echo 'nmae = "x"' >"$wrong"
    refused 1 "nmae" "a field that there is not" "$deploy" plan "$wrong"
    refused 1 "No such file" "a file that is not there" "$deploy" plan "$work/none.toml"
    # Another step may have published it.
    BANK_IMAGES_DIR=$work/unpublished refused 1 "nothing was published" "what was never published" apply --set transfers=published
    refused 1 "there is no last good version of any service" "a rollback of nothing" "$deploy" rollback "$desired"
    deploy_falsify
    refused 1 "services.accounts: " "content that is not what its digest says" apply --set "accounts=$falsified"
    [ -z "$(docker ps --all --quiet --filter "label=bank.environment=$environment")" ] || die "something was deployed all the same"
    ok "nothing of that changed anything"
}

# Sets `falsified` to a digest under which the registry has something else. The engine knows manifests that it has seen,
# so this is one that it has not.
deploy_falsify() {
    local type=application/vnd.docker.distribution.manifest.v2+json file hex
    curl -fsS -H "Accept: $type" "http://$registry/v2/accounts/manifests/$version" >"$work/manifest"
    echo >>"$work/manifest"
    hex=$(sha256sum <"$work/manifest" | cut -d ' ' -f 1)
    falsified=sha256:$hex
    curl -fsS -X PUT -H "Content-Type: $type" --data-binary "@$work/manifest" \
        "http://$registry/v2/accounts/manifests/$falsified" || die "the registry takes no manifest"
    file=$work/registry/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data
    [ -f "$file" ] || die "the registry keeps its content elsewhere"
    tr '\n' ' ' <"$work/manifest" >"$file"
}

deploy_first() {
    local before
    expect "the plan is told" "$deploy" plan "$desired"
    grep -q "^accounts: nothing -> $version (sha256:" "$work/out" || { cat "$work/out" >&2; die "the plan is another one"; }
    [ -z "$(docker ps --all --quiet --filter "label=bank.environment=$environment")" ] || die "a plan changed something"
    expect "the first version is deployed" apply
    expect "the gateway is ready on its port" curl -fsS "$gateway/readyz"
    serves accounts "$version"
    before=$(docker ps --all --quiet --no-trunc --filter "label=bank.environment=$environment" | sort)
    expect "and deployed again" apply
    if [ "$(grep -c 'up to date' "$work/out")" != 6 ] || [ -s "$work/err" ]; then
        cat "$work/out" "$work/err" >&2
        die "something was done"
    fi
    [ "$before" = "$(docker ps --all --quiet --no-trunc --filter "label=bank.environment=$environment" | sort)" ] ||
        die "containers are other ones now"
    ok "which changes nothing"
    # shellcheck disable=SC2086
    if docker inspect --format '{{.Config.Env}} {{.Config.Labels}}' $before | grep -q 'postgres://'; then
        die "a secret shows in the description of a container"
    fi
    [ "$(docker ps --filter "label=bank.environment=$environment" --format '{{.Ports}}' | grep -c -- '->8080')" = 1 ] ||
        die "more than the gateway is published"
    ok "secrets are hidden, and only the gateway is published"
}

deploy_load_starts() {
    local token
    token=$(docker run --rm --network "$environment-servers_bank" --env-file docker/settings/tools.env \
        --volume "$environment-customers-state:/var/lib/bank" --volume "$BANK_SECRETS:/run/secrets:ro" \
        --user 0:0 "$run/bank:$version" token --operator delivery-test 2>"$work/err") ||
        { cat "$work/err" >&2; die "there is no token"; }
    python3 scripts/lib/delivery/load.py "$gateway" "$token" 4 "$work/stop" >"$work/load" 2>"$work/load.err" &
    load_pid=$!
    cleanups+=(deploy_load_stops)
}

deploy_load_stops() {
    touch "$work/stop"
    end "$load_pid"
}

# Each part of the test ends with a look at what the load saw in it.
deploy_no_failure() { # WHAT
    kill -0 "$load_pid" 2>/dev/null || { cat "$work/load" "$work/load.err" >&2; die "the load has ended"; }
    [ ! -s "$work/load.err" ] || { head -n 20 "$work/load.err" >&2; die "requests failed: $1"; }
    ok "no request fails: $1"
}

deploy_next() {
    local options service
    mapfile -t options < <(all_at "$next_version")
    expect "the next version is deployed under load" apply "${options[@]}"
    for service in $(deployed_services); do serves "$service" "$next_version" "$version"; done
    deploy_no_failure "while every service is replaced"
}

# The desired state as the tests below want it: all at the next version, but for what they say.
at_next() {
    local options
    mapfile -t options < <(all_at "$next_version")
    apply "${options[@]}" "$@"
}

# Each is rolled back by itself.
deploy_broken() {
    local broken code
    for broken in 0.0.3-ends 0.0.4-never-ready; do
        code=0
        at_next --set "accounts=$broken" --ready-within 10 >"$work/out" 2>"$work/err" || code=$?
        if [ $code != 1 ] || ! grep -q "^accounts: rolled back, $next_version serves; $broken is not fit" "$work/out"; then
            cat "$work/out" "$work/err" >&2
            die "$broken is not rolled back: exit code $code"
        fi
        grep -q "^api-gateway: not done" "$work/out" || die "the rest of the plan was done"
        serves accounts "$next_version" "$version"
        ok "$(grep '^accounts: ' "$work/out")"
    done
    deploy_no_failure "while broken versions are tried"
}

# A run that is killed at any point is finished by the next one.
deploy_killed() {
    local point code to before=$next_version
    for point in created started written switched draining drained; do
        to=0.0.5-$point
        deploy_push accounts "$to" <<<"LABEL org.opencontainers.image.version=$to"
        code=0
        BANK_FAULT=deploy.$point at_next --set "accounts=$to" >"$work/out" 2>"$work/err" || code=$?
        [ $code = 137 ] || { cat "$work/out" "$work/err" >&2; die "it is not killed when $point: exit code $code"; }
        expect "what was killed when $point is finished" at_next --set "accounts=$to"
        serves accounts "$to" "$before"
        before=$to
    done
    deploy_unwritten "$to"
    deploy_no_failure "while runs are killed"
}

# deploy_unwritten VERSION: a run that was killed after it had written whom to route to, and before it told the proxy, is
# thought better of. Started anew, the proxy must not follow what nobody wants any more.
deploy_unwritten() {
    local code=0 serving to=0.0.6-unwanted
    deploy_push accounts "$to" <<<"LABEL org.opencontainers.image.version=$to"
    BANK_FAULT=deploy.written at_next --set "accounts=$to" >"$work/out" 2>"$work/err" || code=$?
    [ $code = 137 ] || { cat "$work/out" "$work/err" >&2; die "it is not killed when written: exit code $code"; }
    expect "what was killed when written is thought better of" at_next --set "accounts=$1"
    serves accounts "$1"
    serving=$("$deploy" --json status "$desired" | python3 -c 'import json, sys
print(*[s["container"] for s in json.load(sys.stdin) if s["service"] == "accounts"])')
    docker exec "$environment-accounts" grep -qx "# route: $serving" /etc/bank-proxy/haproxy.cfg ||
        die "started anew, the proxy would route to another one than $serving"
    ok "and nothing of it is left in the proxy"
}

deploy_at_once() {
    local pid code=0
    "$deploy" apply "$desired" --watch 20 --set "transfers=$version" >"$work/first" 2>&1 &
    pid=$!
    until_so 120 grep -q 'is watched' "$work/first" || { cat "$work/first" >&2; die "the first one does not begin"; }
    refused 1 "somebody else deploys to $environment: on " "a second deployment at once" apply
    refused 1 "pid $pid, since " "a rollback meanwhile" "$deploy" rollback "$desired"
    kill -TERM "$pid"
    wait "$pid" || code=$?
    if [ $code != 1 ] || ! grep -q "told to stop; whoever served serves" "$work/first"; then
        cat "$work/first" >&2
        die "it does not end as it is told: exit code $code"
    fi
    ok "one that is told to stop says so"
    expect "and the next one finishes it" apply --set "accounts=$next_version"
    deploy_no_failure "while two deploy at once"
}

deploy_back() {
    local before service to
    before=$("$deploy" --json status "$desired" | python3 -c 'import json, sys
print(*[s["kept"]["version"] for s in json.load(sys.stdin) if s["service"] == "api-gateway"])')
    expect "the gateway is rolled back" "$deploy" rollback "$desired" api-gateway --watch 1
    serves api-gateway "$before"
    refused 1 "there is no last good version of api-gateway" "a rollback of what was rolled back" \
        "$deploy" rollback "$desired" api-gateway
    "$deploy" --json status "$desired" >"$work/before" || die "there is no status"
    expect "and what else the latest deployment brought" "$deploy" --json rollback "$desired" --watch 1
    cp "$work/out" "$work/back"
    # What the latest deployment did not switch, and what was rolled back already, is as it was.
    python3 - "$work/before" "$work/back" >"$work/expected" <<'PYTHON' || die "another rollback: $(cat "$work/back")"
import json, sys
before, back = (json.load(open(path)) for path in sys.argv[1:])
to = {each["service"]: each["to"] for each in back["services"]}
assert back["result"] == "done" and to and "api-gateway" not in to, back
for each in before:
    print(each["service"], to.get(each["service"], each["version"]))
PYTHON
    while read -r service to; do serves "$service" "$to"; done <"$work/expected"
    refused 1 "there is no last good version of any service" "a second rollback of it" "$deploy" rollback "$desired"
    deploy_no_failure "while the bank is rolled back"
}

deploy_load_ends() {
    local code=0
    touch "$work/stop"
    wait "$load_pid" || code=$?
    [ $code = 0 ] || { cat "$work/load" "$work/load.err" >&2; die "requests failed"; }
    ok "the load in all of this: $(cat "$work/load")"
}

# What somebody or a crash took away comes back.
deploy_repaired() {
    local service
    docker stop --time 1 "$environment-accounts" "$(running_of transfers)" >/dev/null
    docker rm --force --volumes "$environment-webhooks" >/dev/null
    expect "what was stopped and removed is repaired" apply
    for service in accounts transfers webhooks; do serves "$service" "$version"; done
    sed "s#^bind = .*#bind = \"127.0.0.1:$(free_port)\"#" "$desired" >"$work/moved.toml"
    refused 1 "--replace-proxies" "another address, without a word that connections may be cut," "$deploy" apply "$work/moved.toml"
    expect "with it, the gateway moves" "$deploy" apply "$work/moved.toml" --watch 1 --replace-proxies
    expect "and answers there" curl -fsS "http://$(sed -n 's/^bind = "\(.*\)"/\1/p' "$work/moved.toml")/readyz"
}
