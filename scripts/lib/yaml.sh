# shellcheck shell=bash
# YAML for Python, where the machine has none: fetched once into the cache.

PYYAML_VERSION=6.0.3

need_yaml() {
    local folder=${BANK_CACHE:-$HOME/.cache/bank}/tools/python/pyyaml-$PYYAML_VERSION
    if python3 -c 'import yaml' 2>/dev/null; then return; fi
    if [ ! -d "$folder" ]; then
        rm -rf -- "$folder.new"
        if ! python3 -m pip install --quiet --no-input --target "$folder.new" "PyYAML==$PYYAML_VERSION" >&2; then
            echo "PyYAML is missing; install it (apt-get install python3-yaml)" >&2
            return 1
        fi
        mv -- "$folder.new" "$folder"
    fi
    export PYTHONPATH=$folder${PYTHONPATH:+:$PYTHONPATH}
}
