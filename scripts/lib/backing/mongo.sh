# shellcheck shell=bash
# SecantusDB, which speaks MongoDB's protocol over WiredTiger. MongoDB itself comes from
# none of the package registries, so this is a stand-in and says so. Its licence is the
# GPL: it runs as a process of its own and is neither linked nor shipped.

readonly SECANTUS_VERSION=0.7.0b3
readonly MONGO_DEFAULT_PORT=27117
readonly SECANTUS_VENV=$CACHE/secantusdb-$SECANTUS_VERSION

mongo_kind() { echo stand-in; }
mongo_product() { echo "SecantusDB $SECANTUS_VERSION, MongoDB's protocol over WiredTiger"; }
mongo_marker() { mongo_data; }
mongo_signals() { echo TERM KILL; }
mongo_data() { echo "$RUN/mongo/data"; }

mongo_packages() {
    if ! mongo_is_installed && [[ -z $(mongo_python) ]]; then printf '%s\n' python3 python3-venv; fi
}

mongo_ports() { choose_port mongo/port BANK_MONGO_PORT "$MONGO_DEFAULT_PORT"; }

# The stamp tells a finished installation; the interpreter is a link that can go stale.
mongo_is_installed() { [[ -e $SECANTUS_VENV/.installed && -x $SECANTUS_VENV/bin/python ]]; }

# Debian's python3 has no `ensurepip` without python3-venv.
mongo_python() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

mongo_install() {
    local log=$CACHE/secantusdb-pip.log
    if mongo_is_installed; then return; fi
    say "mongo: installs SecantusDB"
    {
        "$(mongo_python)" -m venv --clear "$SECANTUS_VENV" &&
            "$SECANTUS_VENV/bin/pip" install --no-input --pre "secantusdb==$SECANTUS_VERSION"
    } </dev/null >"$log" 2>&1 || fail_with_log "mongo: installation failed" "$log"
    touch -- "$SECANTUS_VENV/.installed"
}

mongo_start() {
    # Without a configuration file of ours it would look for one in the home folder and /etc.
    : >"$RUN/mongo/secantusd.toml"
    say "mongo: starts"
    spawn mongo "$SECANTUS_VENV/bin/secantusd-py" --config "$RUN/mongo/secantusd.toml" \
        --host 127.0.0.1 --port "$(port_of mongo)" --storage-path "$(mongo_data)" \
        --sync-on-commit --cache-size 256M
}

# OP_MSG with the document {ping: 1, $db: "admin"}; the answer has {ok: 1.0} in it.
mongo_answers() {
    local answer
    answer=$(ask "$(port_of mongo)" \
        '\x33\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0\0\0\0\0\0\x1e\0\0\0\x10ping\0\x01\0\0\0\x02\x24db\0\x06\0\0\0admin\0\0') ||
        return 1
    [[ $answer == *016f6b00000000000000f03f* ]]
}
