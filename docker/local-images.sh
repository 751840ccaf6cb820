#!/usr/bin/env bash
# shellcheck source-path=SCRIPTDIR/../scripts
#
# Makes the images that would be pulled elsewhere, of Debian's packages, Maven's jars and PyPI's wheels.
set -euo pipefail

usage() {
    cat <<'HELP'
eval "$(docker/local-images.sh)"

For a machine that can pull no images. Makes what is missing, and prints the variables that docker-compose.yml,
docker/build.sh and bank-deploy read:

  BANK_BASE_IMAGE      bank-local/base      the libraries that a service links and the certificates, nothing else
  BANK_POSTGRES_IMAGE  bank-local/postgres  real: Debian's PostgreSQL
  BANK_KAFKA_IMAGE     bank-local/kafka     real: Apache Kafka from its jars
  BANK_MONGO_IMAGE     bank-local/mongo-stand-in
                       a stand-in: SecantusDB speaks MongoDB's protocol; reports must not call it MongoDB
  BANK_PROXY_IMAGE     bank-local/haproxy   real: Debian's HAProxy

  --check   makes nothing; exit code 0 only if all five are there

Needs a Docker engine, and as root on Debian the package debootstrap (which it installs), Maven and Python's pip.
Settings: BANK_CACHE (~/.cache/bank) keeps what was downloaded.
HELP
}

prefix=bank-local
images=(base postgres kafka mongo-stand-in haproxy)

check() {
    local image
    for image in "${images[@]}"; do docker image inspect "$prefix/$image" >/dev/null 2>&1 || return 1; done
}

variables() {
    echo "export BANK_BASE_IMAGE=$prefix/base"
    echo "export BANK_POSTGRES_IMAGE=$prefix/postgres"
    echo "export BANK_KAFKA_IMAGE=$prefix/kafka"
    echo "export BANK_MONGO_IMAGE=$prefix/mongo-stand-in"
    echo "export BANK_PROXY_IMAGE=$prefix/haproxy"
}

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=lib/backing/common.sh
source scripts/lib/backing/common.sh
# shellcheck source=lib/backing/kafka.sh
source scripts/lib/backing/kafka.sh
# shellcheck source=lib/backing/mongo.sh
source scripts/lib/backing/mongo.sh
say() { printf 'local-images: %s\n' "$*" >&2; }

folder=${BANK_CACHE:-$HOME/.cache/bank}/local-images
root=$folder/debian

# A minimal Debian. Where this machine finds its packages (mirrors, proxies) goes along.
debian_root() {
    if [ -e "$root/.complete" ]; then return; fi
    command -v debootstrap >/dev/null || apt_install debootstrap
    say "unpacks a minimal Debian"
    rm -rf -- "$root"
    debootstrap --variant=minbase --include=ca-certificates bookworm "$root" >"$folder/debootstrap.log" 2>&1 ||
        fail_with_log "debootstrap failed" "$folder/debootstrap.log"
    find "$root/var/cache/apt" "$root/var/lib/apt/lists" -type f -delete
    cp -a /etc/apt/sources.list* /etc/apt/apt.conf.d "$root/etc/apt/"
    touch "$root/.complete"
}

import_debian() {
    if docker image inspect "$prefix/debian" >/dev/null 2>&1; then return; fi
    debian_root
    tar -C "$root" --exclude=./dev --exclude=./.complete -c . | docker import - "$prefix/debian" >/dev/null
}

# What distroless/cc-debian12:nonroot is, without what no service here looks at.
import_base() {
    if docker image inspect "$prefix/base" >/dev/null 2>&1; then return; fi
    debian_root
    say "makes the base image"
    local work=$folder/base library libraries=/lib/x86_64-linux-gnu
    [ -d "$root$libraries" ] || libraries=/lib/$(uname -m)-linux-gnu
    rm -rf -- "$work"
    mkdir -p "$work"/{etc/ssl/certs,tmp,home/nonroot,lib64,usr/share/doc} "$work$libraries"
    chmod 1777 "$work/tmp"
    for library in libc libm libgcc_s libdl libpthread librt libresolv ld-linux-x86-64 ld-linux-aarch64; do
        cp -aL "$root$libraries/$library".so.[0-9] "$work$libraries/" 2>/dev/null || true
    done
    # The program names its loader by this path.
    for library in "$work$libraries"/ld-linux-*; do ln -s "$libraries/${library##*/}" "$work/lib64/${library##*/}"; done
    cp "$root/etc/ssl/certs/ca-certificates.crt" "$work/etc/ssl/certs/"
    cp -a "$root/usr/share/doc/libc6" "$root/usr/share/doc/libgcc-s1" "$work/usr/share/doc/" 2>/dev/null || true
    printf 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' \
        >"$work/etc/passwd"
    printf 'root:x:0:\nnonroot:x:65532:\n' >"$work/etc/group"
    echo 'hosts: files dns' >"$work/etc/nsswitch.conf"
    chown -R 65532:65532 "$work/home/nonroot"
    tar -C "$work" -c . | docker import --change 'USER 65532:65532' - "$prefix/base" >/dev/null
}

# SecantusDB and what it needs, as wheels for Debian's own Python.
download_wheels() {
    local wheels=$folder/wheels-$SECANTUS_VERSION log=$folder/pip.log
    if [ ! -d "$wheels" ]; then
        say "fetches SecantusDB"
        rm -rf -- "$wheels.new"
        "$(mongo_python)" -m pip download --no-input --pre --only-binary=:all: --python-version 3.11 \
            --platform "manylinux2014_$(uname -m)" --platform "manylinux_2_28_$(uname -m)" \
            --dest "$wheels.new" "secantusdb==$SECANTUS_VERSION" </dev/null >"$log" 2>&1 ||
            fail_with_log "fetching SecantusDB failed" "$log"
        mv -- "$wheels.new" "$wheels"
    fi
    cp -a "$wheels" "$1"
}

build_servers() {
    local context server name log=$folder/build.log
    context=$(mktemp -d)
    trap 'rm -rf -- "${context:-}"' EXIT
    cp docker/servers/* "$context/"
    kafka_install
    cp -a "$KAFKA_JARS" "$context/kafka-jars"
    download_wheels "$context/wheels"
    for server in postgres kafka mongo haproxy; do
        name=$server
        [ $server = mongo ] && name=mongo-stand-in
        say "builds $prefix/$name"
        docker build --build-arg "BASE=$prefix/debian" --target "$server" --tag "$prefix/$name" "$context" >"$log" 2>&1 ||
            fail_with_log "building $prefix/$name failed" "$log"
    done
}

case "${1:-}" in
    "") ;;
    -h | --help) usage; exit 0 ;;
    --check) check; exit ;;
    *) usage >&2; exit 2 ;;
esac
docker info >/dev/null 2>&1 || die "no Docker engine answers; start one, or name it in DOCKER_HOST"
if ! check; then
    [ "$(id -u)" = 0 ] || die "making images needs root, for debootstrap"
    mkdir -p "$folder" "$CACHE"
    import_debian
    import_base
    build_servers
fi
variables
