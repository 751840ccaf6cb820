# shellcheck shell=bash disable=SC2154
# Brings docker-compose.yml up and runs the end-to-end scenarios against it.

compose() {
    local program port token
    build_all
    program=$(compose_program)
    port=$(free_port)
    export BANK_REGISTRY=$run BANK_VERSION=$version BANK_PORT=$port BANK_SECRETS=$work/secrets
    composed=("$program" --project-name "$run" --file docker-compose.yml --file scripts/lib/delivery/compose.yml)
    expect "secrets are drawn" docker/secrets.sh "$BANK_SECRETS"
    expect "and stay when they are there" docker/secrets.sh "$BANK_SECRETS"
    look_at_files
    cleanups+=(compose_down)
    # Compose tells each change on its standard error, which is of interest only if it fails.
    expect "docker compose up --wait" timeout 300 "${composed[@]}" up --wait --wait-timeout 240
    expect "the gateway is ready on its one port" curl -fsS "http://127.0.0.1:$port/readyz"
    look_at_containers
    token=$("${composed[@]}" run --rm -T bank token --operator delivery-test 2>/dev/null) || die "there is no token"
    # Nothing is printed but what fails, and how many passed.
    BANK_TEST_URL=http://127.0.0.1:$port BANK_TEST_OPERATOR_TOKEN=$token \
        cargo test -j2 --locked --workspace --features distributed --test it -- --ignored running:: >"$work/e2e" 2>&1 ||
        { tail -n 60 "$work/e2e" >&2; die "the end-to-end scenarios fail on the composed bank"; }
    grep -q '^test .*::running::.* ok$' "$work/e2e" || die "no scenario ran on the composed bank"
    ok "$(grep -c '^test .*::running::.* ok$' "$work/e2e") end-to-end scenarios pass on the composed bank"
    verified
    compose_restart "$port"
    compose_down || die "docker compose down fails"
    [ -z "$(docker volume ls --quiet --filter "name=$run")" ] || die "a volume is left"
    ok "nothing is left of it"
}

# No secret is in a file of the repository, and dashboards ask for metrics that there are.
look_at_files() {
    local metric
    if grep -nE 'PASSWORD=|password: *[a-z0-9]|postgres://[a-z]+:[a-z0-9]+@' docker-compose.yml .env.example docker/settings/*; then
        die "there is a secret in a file"
    fi
    while read -r metric; do
        grep -rqF "\"$metric\"" crates/*/src services/*/src || die "a dashboard asks for $metric, which no service serves"
    done < <(grep -ohE '\b(bank|http|gateway|audit|tokens|requests|refresh)_[a-z_]+' \
        docker/observability/grafana/dashboards/*.json | sed -E 's/_(bucket|count)$//' | sort -u)
    ok "no file has a secret, and dashboards ask for metrics that are served"
    expect "every profile is well-formed" "${composed[@]}" --profile '*' config --quiet
}

look_at_containers() {
    local container
    for container in $("${composed[@]}" ps --quiet api-gateway accounts transfers customers account-history webhooks); do
        [ "$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.State.Health.Status}}' "$container")" = "true healthy" ] ||
            die "$(docker inspect --format '{{.Name}}' "$container") is not read-only or not healthy"
        if docker inspect --format '{{.Config.Env}}' "$container" | grep -q 'postgres://'; then
            die "a secret shows in the description of a container"
        fi
    done
    [ "$("${composed[@]}" ps --format '{{.Publishers}}' | grep -c "127.0.0.1 8080 $BANK_PORT")" = 1 ] ||
        die "more than the gateway is published, or not on loopback"
    ok "the services are healthy and read-only, their secrets are hidden, and only the gateway is published"
}

# Transfers may still be under way and the views behind; both end.
verified() {
    local deadline=$((SECONDS + 60))
    until "${composed[@]}" run --rm -T bank verify >"$work/verify" 2>&1; do
        ((SECONDS < deadline)) || { tail -n 20 "$work/verify" >&2; die "bank verify finds something"; }
    done
    ok "bank verify: $(tail -n 1 "$work/verify")"
}

# Whoever runs it again finds everything there, and no job does anything twice.
compose_restart() { # PORT
    expect "docker compose down" "${composed[@]}" down --timeout 40
    expect "and up again on the same volumes" timeout 300 "${composed[@]}" up --wait --wait-timeout 240
    expect "the gateway is ready again" curl -fsS "http://127.0.0.1:$1/readyz"
    verified
}

compose_down() { "${composed[@]}" down --volumes --remove-orphans --timeout 40 >/dev/null 2>&1; }
