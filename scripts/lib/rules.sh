# shellcheck shell=bash
# The rules that the sources keep, for scripts/test and the pipeline's first stage alike. The one who sources it is at the
# root of the repository.

CARGO_DENY_VERSION=0.20.2

# check_documents OPTION…: cargo's documentation of the workspace, with warnings as errors.
check_documents() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet "$@"; }

# check_dependencies JOBS: deny.toml, by a cargo-deny that is built once into the cache.
check_dependencies() {
    local tools=${BANK_CACHE:-$HOME/.cache/bank}/tools
    if [ ! -x "$tools/bin/cargo-deny" ]; then
        cargo install "$1" cargo-deny --version "$CARGO_DENY_VERSION" --locked --root "$tools" \
            --target-dir "${CARGO_TARGET_DIR:-target}/tools" || return
    fi
    "$tools/bin/cargo-deny" check --hide-inclusion-graph bans licenses sources
}
