# shellcheck shell=bash disable=SC2154
# A Docker engine, Compose, a registry, and the images of the servers, on a machine that may have none of them.

COMPOSE_VERSION=v2.39.4
REGISTRY_VERSION=v3.0.0
go_tools=$BANK_CACHE/tools/go

need_engine() {
    if command -v docker >/dev/null && docker version >/dev/null 2>&1; then
        say "uses the engine that answers: $(docker version --format '{{.Server.Version}}')"
    else
        command -v dockerd >/dev/null || apt_install docker.io
        start_engine
    fi
    cleanups+=(remove_images)
}

# Its data stays for the next run: layers are what makes that one quick. Two engines on one folder would ruin it.
start_engine() {
    [ "$(id -u)" = 0 ] || die "starting a Docker engine needs root"
    local folder=${BANK_DELIVERY_DOCKER:-$BANK_CACHE/delivery-docker} interface mtu
    mkdir -p "$folder"
    exec {engine_lock}>"$folder/lock"
    flock -w 600 "$engine_lock" || die "another run uses $folder"
    # Packets of containers must fit through the interface that leads outside.
    interface=$(sed -n 's/^\([^\t]*\)\t00000000\t.*/\1/p' /proc/net/route | head -n 1)
    mtu=$(cat "/sys/class/net/${interface:-lo}/mtu")
    export DOCKER_HOST=unix://$work/docker.sock
    setsid dockerd --data-root "$folder/data" --exec-root "$work/exec" --pidfile "$work/docker.pid" \
        --host "$DOCKER_HOST" --mtu "$((mtu > 1500 ? 1500 : mtu))" {engine_lock}>&- </dev/null >"$work/docker.log" 2>&1 &
    engine_pid=$!
    cleanups+=(end_engine)
    until_so 60 docker version || { tail -n 5 "$work/docker.log" >&2; die "the Docker engine does not start"; }
    say "started an engine: $(docker version --format '{{.Server.Version}}')"
}

end_engine() {
    end "$engine_pid"
    # Nothing of the engine may be left mounted below the folder that is removed next.
    umount -R "$work/exec" 2>/dev/null || true
}

remove_images() {
    docker images --format '{{.Repository}}:{{.Tag}}' | grep -E "^${run}/|^127\.0\.0\.1:${registry_port:-none}/" |
        xargs -r docker rmi --force
}

# The official images where they can be pulled, else ones that are made here.
need_server_images() {
    if timeout 120 docker pull --quiet postgres:17 && timeout 300 docker pull --quiet apache/kafka:4.1.1 &&
        timeout 300 docker pull --quiet mongo:8 && timeout 120 docker pull --quiet haproxy:3.0 && timeout 120 docker pull --quiet gcr.io/distroless/cc-debian12:nonroot; then
        say "uses the official images"
        return
    fi >/dev/null 2>&1
    local variables
    variables=$(docker/local-images.sh)
    eval "$variables"
    say "uses images made here: PostgreSQL, Kafka and HAProxy are real, $BANK_MONGO_IMAGE stands in for MongoDB"
}

# ---- Go programs, built once into the cache -------------------------------------------

# Prints the path of a Compose.
compose_program() {
    local program=$go_tools/docker-compose-$COMPOSE_VERSION module
    if [ ! -x "$program" ]; then
        need_go || die "Compose cannot be built"
        say "builds Docker Compose $COMPOSE_VERSION"
        module=$work/compose-module
        mkdir -p "$module" "$go_tools"
        # Its go.mod has replacements, with which `go install` refuses it.
        printf 'package tools\n\nimport _ "github.com/docker/compose/v2/cmd"\n' >"$module/tools.go"
        (cd "$module" && go mod init bank/tools && go get "github.com/docker/compose/v2/cmd@$COMPOSE_VERSION" &&
            go build -p 2 -o "$program" github.com/docker/compose/v2/cmd) >"$work/compose-build.log" 2>&1 ||
            { tail -n 5 "$work/compose-build.log" >&2; die "building Compose failed"; }
    fi
    echo "$program"
}

registry_program() {
    local program=$go_tools/registry-$REGISTRY_VERSION/registry
    if [ ! -x "$program" ]; then
        need_go || die "the registry cannot be built"
        say "builds the registry $REGISTRY_VERSION"
        mkdir -p "${program%/*}"
        GOBIN=${program%/*} go install -p 2 "github.com/distribution/distribution/v3/cmd/registry@$REGISTRY_VERSION" \
            >"$work/registry-build.log" 2>&1 || { tail -n 5 "$work/registry-build.log" >&2; die "building the registry failed"; }
    fi
    echo "$program"
}

# A registry on a port of its own, with its data in this run's folder. Sets `registry`.
start_registry() {
    local program
    program=$(registry_program)
    registry_port=$(free_port)
    registry=127.0.0.1:$registry_port
    cat >"$work/registry.yml" <<CONFIG
version: 0.1
log: { level: warn }
storage: { filesystem: { rootdirectory: $work/registry } }
http: { addr: "$registry" }
CONFIG
    setsid "$program" serve "$work/registry.yml" </dev/null >"$work/registry.log" 2>&1 &
    registry_pid=$!
    cleanups+=(end_registry)
    until_so 20 curl -fsS "http://$registry/v2/" || { tail -n 5 "$work/registry.log" >&2; die "the registry does not start"; }
}

end_registry() { end "$registry_pid"; }
