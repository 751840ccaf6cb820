"""Looks at the manifests of one overlay: main.py OVERLAY FILE KUBECTL-VALIDATE KUBERNETES-VERSION."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import behaviour
import references
from manifests import Manifests


def by_rules(manifests):
    """What is wrong by the rules here."""
    return [problem for rule in references.RULES + behaviour.RULES for problem in rule(manifests)]


def by_schemas(manifests, validator, version):
    """What is wrong by Kubernetes' schemas."""
    with tempfile.TemporaryDirectory(prefix="bank-manifests.") as folder:
        path = Path(folder) / "manifests.yaml"
        path.write_text(manifests.text())
        done = subprocess.run([validator, "--version", version, "--output", "json", path], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    try:
        statuses = [status for statuses in json.loads(done.stdout).values() for status in statuses]
    except ValueError:
        return [(done.stderr.strip().splitlines() or ["kubectl-validate failed"])[-1]]
    wrong = [" ".join(status["message"].split()) for status in statuses if status.get("status") != "Success"]
    return wrong or ["kubectl-validate fails and does not say why"]


def main(overlay, path, validator, version):
    manifests = Manifests.read(overlay, path)
    problems = by_schemas(manifests, validator, version) + by_rules(manifests)
    for problem in problems:
        print(f"deploy/kubernetes/validate: {overlay}: {problem}", file=sys.stderr)
    if not problems:
        print(f"{overlay}: {len(manifests.documents)} documents fit Kubernetes {version} and the repository")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
