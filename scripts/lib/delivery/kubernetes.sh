# shellcheck shell=bash disable=SC2154
# Holds the manifests against Kubernetes' schemas and the repository. No cluster is needed, and none is asked.

kubernetes() {
    local before
    before=$(git status --porcelain)
    # The first run builds what checks them, which takes a while.
    expect "every manifest fits, and planted mistakes are found" deploy/kubernetes/validate --planted
    cat "$work/out" >&2
    refused 2 "there is no overlay 'moon'" "an overlay that there is not" deploy/kubernetes/validate moon
    refused 2 "what is '--all'?" "an option that there is not" deploy/kubernetes/validate --all
    [ "$(git status --porcelain)" = "$before" ] || die "validating left something in the repository"
    ok "and nothing is left of it"
}
