# shellcheck shell=bash
# Go, for the few tools that are built from its modules. Debian's own may be too old to fetch the one that a module asks
# for; then one comes from the module proxy into the cache, the same that Go itself would fetch.

GO_VERSION=1.26.0
# The first Go that fetches a newer one by itself.
GO_LEAST=1.21

need_go() {
    local cache=${BANK_CACHE:-$HOME/.cache/bank}/tools/go-$GO_VERSION
    if go_is_enough go; then return; fi
    [ -x "$cache/bin/go" ] || fetch_go "$cache" || return
    export PATH=$cache/bin:$PATH GOROOT=$cache
}

go_is_enough() { # PROGRAM
    local found
    found=$("$1" env GOVERSION 2>/dev/null) || return
    printf '%s\n' "$GO_LEAST" "${found#go}" | sort --version-sort --check=quiet
}

fetch_go() { # FOLDER
    local architecture checksum name address work
    case $(uname -m) in
        x86_64) architecture=amd64 checksum=38461905b98c59173672814302e222ab43b652274bc0c95817b08b71ab66b705 ;;
        aarch64) architecture=arm64 checksum=4c3f961bc257ff52e7a425166f9f75015f645dff071d01a81823455ffe646609 ;;
        *) echo "Go $GO_LEAST or later is missing; install it (https://go.dev/dl)" >&2; return 1 ;;
    esac
    name=v0.0.1-go$GO_VERSION.linux-$architecture
    address=https://proxy.golang.org/golang.org/toolchain/@v/$name.zip
    echo "fetches Go $GO_VERSION, once" >&2
    mkdir -p "${1%/*}"
    work=$(mktemp -d "$1.XXXXXX")
    if curl --fail --silent --show-error --location --retry 3 --output "$work/go.zip" "$address" &&
        sha256sum --check --quiet <<<"$checksum  $work/go.zip" && unpack_go "$work" "golang.org/toolchain@$name"; then
        rm -rf -- "$1"
        mv -- "$work/golang.org/toolchain@$name" "$1"
        rm -rf -- "$work"
    else
        rm -rf -- "$work"
        echo "Go $GO_VERSION could not be fetched from $address; install Go $GO_LEAST or later" >&2
        return 1
    fi
}

# The proxy's archives do not say which of their files are programs.
unpack_go() { # FOLDER NAME
    python3 -m zipfile -e "$1/go.zip" "$1" && find "$1/$2/bin" "$1/$2/pkg/tool" -type f -exec chmod +x {} +
}
