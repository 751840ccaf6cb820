"""Mistakes that are planted in good manifests, each of which has to be found. deploy/kubernetes/validate --planted runs them."""

import copy
import os
import unittest
from pathlib import Path

from main import by_rules, by_schemas
from manifests import Manifests, main_container, pod_of

FOLDER = Path(os.environ["BANK_MANIFESTS"])


def deployment(manifests, name="accounts"):
    return manifests.get("Deployment", name)


def policy(manifests, name):
    return manifests.get("NetworkPolicy", name)["spec"]


def remove(manifests, kind, name):
    manifests.documents.remove(manifests.get(kind, name))


def rename(mapping, old, new):
    mapping[new] = mapping.pop(old)


def accounts_settings(manifests):
    return manifests.generated("ConfigMap", "accounts-settings")["data"]


def secrets(manifests):
    return next(volume for volume in pod_of(deployment(manifests))["volumes"] if volume["name"] == "secrets")["projected"]["sources"]


# What is done to the manifests, and what has to be said of it.
BY_RULES = {
    "a Service that selects nothing": (lambda m: m.get("Service", "accounts")["spec"]["selector"].update({"app.kubernetes.io/name": "acounts"}),
                                       "Service accounts selects no pod"),
    "a Deployment that does not select its pods": (lambda m: deployment(m)["spec"]["selector"]["matchLabels"].update(a="b"),
                                                   "Deployment accounts does not select its own pods"),
    "a budget for nobody": (lambda m: m.get("PodDisruptionBudget", "accounts")["spec"].update(selector={"matchLabels": {"a": "b"}}),
                            "PodDisruptionBudget accounts does not select"),
    "a port that is not there": (lambda m: m.get("Service", "accounts")["spec"]["ports"][0].update(targetPort="web"), "leads to port web"),
    "settings that are not there": (lambda m: main_container(deployment(m))["envFrom"][0]["configMapRef"].update(name="none"),
                                    "there is no ConfigMap none"),
    "a setting that is missing": (lambda m: accounts_settings(m).pop("BANK_BUS"), "accounts is not told BANK_BUS"),
    "a setting that differs": (lambda m: accounts_settings(m).update(BANK_TOKENS_KEYS="http://customers:8081/x"), "BANK_TOKENS_KEYS is http"),
    "a secret that is missing": (lambda m: secrets(m).pop(), "accounts is given the secrets"),
    "a secret of somebody else": (lambda m: secrets(m)[0]["secret"].update(items=[{"key": "value", "path": "vault"}]), "accounts is given the secrets"),
    "a secret in the open": (lambda m: main_container(deployment(m)).update(env=[{"name": "BANK_INTERNAL_SECRET", "value": "x"}]),
                             "BANK_INTERNAL_SECRET is a value"),
    "the image of another service": (lambda m: main_container(deployment(m)).update(image="bank/transfers:1"), "has the image bank/transfers:1"),
    "an image without a version": (lambda m: main_container(deployment(m)).update(image="bank/accounts"), "has the image bank/accounts"),
    "a service that is missing": (lambda m: remove(m, "Deployment", "webhooks"), "in docker/services.toml"),
    "an account that is missing": (lambda m: remove(m, "ServiceAccount", "accounts"), "there is no ServiceAccount accounts"),
    "a call that is not let out": (lambda m: remove(m, "NetworkPolicy", "from-transfers"), "transfers calls accounts, and no policy lets it out"),
    "a call that is not let in": (lambda m: remove(m, "NetworkPolicy", "to-customers"), "accounts calls customers, and no policy lets it in"),
    "a call that nobody makes": (
        lambda m: policy(m, "to-webhooks")["ingress"][0]["from"][0]["podSelector"]["matchExpressions"][0]["values"].append("accounts"),
        "accounts does not call webhooks"),
    "a server that nobody needs": (
        lambda m: policy(m, "to-mongo")["podSelector"]["matchExpressions"][0]["values"].append("accounts"), "accounts does not need mongo"),
    "a door that stands open": (lambda m: policy(m, "default-deny").update(egress=[{}]), "default-deny does not deny everything"),
    "root": (lambda m: pod_of(deployment(m))["securityContext"].pop("runAsNonRoot"), "Deployment accounts may run as root"),
    "a root that can be written": (lambda m: main_container(deployment(m))["securityContext"].update(readOnlyRootFilesystem=False), "may write to its root"),
    "capabilities": (lambda m: main_container(deployment(m))["securityContext"].pop("capabilities"), "may gain privileges"),
    "a token for the cluster": (lambda m: pod_of(deployment(m)).pop("automountServiceAccountToken"), "is given a token"),
    "no limit of memory": (lambda m: main_container(deployment(m))["resources"].pop("limits"), "has no limit of memory"),
    "a probe of something else": (lambda m: main_container(deployment(m))["readinessProbe"]["httpGet"].update(path="/health"), "readinessProbe asks /health"),
    "too little time to stop": (lambda m: pod_of(deployment(m)).update(terminationGracePeriodSeconds=20), "accounts has 20 s to stop"),
    "a stop at once": (lambda m: main_container(deployment(m)).pop("lifecycle"), "accounts is told to stop before"),
    "no migration": (lambda m: pod_of(deployment(m)).pop("initContainers"), "accounts has to migrate"),
    "a migration of another version": (lambda m: pod_of(deployment(m))["initContainers"][0].update(image="bank/accounts:0"), "migrates with another image"),
    "two processes on one volume": (lambda m: deployment(m, "customers")["spec"].update(replicas=2), "customers has a volume"),
}

ON_PRODUCTION = {
    "a metric that nobody measures": (
        lambda m: m.get("HorizontalPodAutoscaler", "accounts")["spec"]["metrics"][1]["external"]["metric"].update(name="bank_lag"), "no service measures bank_lag"),
    "a subscription of somebody else": (
        lambda m: m.get("HorizontalPodAutoscaler", "accounts")["spec"]["metrics"][1]["external"]["metric"]["selector"].update(matchLabels={"subscription": "x"}),
        "looks at another subscription"),
    "more readers than partitions": (lambda m: m.get("HorizontalPodAutoscaler", "accounts")["spec"].update(maxReplicas=9), "more pods than topics have partitions"),
    "replicas beside an autoscaler": (lambda m: deployment(m)["spec"].update(replicas=2), "accounts has a number of replicas"),
    "an ingress that leads nowhere": (lambda m: remove(m, "Service", "api-gateway"), "Ingress api-gateway: there is no Service api-gateway"),
    "a Secret in production": (lambda m: m.documents.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vault"}}), "a Secret is in an overlay"),
}

BY_SCHEMAS = {
    "a misspelt field": (lambda m: rename(main_container(deployment(m))["securityContext"], "readOnlyRootFilesystem", "readOnlyRootFilesytem"), "unknown field"),
    "a misspelt field of a spec": (lambda m: rename(m.get("HorizontalPodAutoscaler", "accounts")["spec"], "maxReplicas", "maximumReplicas"), "unknown field"),
    "a wrong type": (lambda m: main_container(deployment(m))["livenessProbe"].update(periodSeconds="ten"), "must be of type integer"),
    "a kind that there is not": (lambda m: m.get("Service", "accounts").update(kind="Servise"), ""),
    "a field that is required": (lambda m: deployment(m)["spec"].pop("selector"), "Required value"),
}


class Planted(unittest.TestCase):
    maxDiff = None

    def look(self, overlay, planted, find):
        good = Manifests.read(overlay, FOLDER / f"{overlay}.yaml")
        self.assertEqual(find(good), [], "before")
        for what, (change, expected) in planted.items():
            with self.subTest(what):
                manifests = Manifests(overlay, copy.deepcopy(good.documents))
                change(manifests)
                problems = find(manifests)
                self.assertTrue(any(expected in problem for problem in problems), f"{what}: {expected!r} is not in {problems}")
                self.assertFalse(any("\n" in problem for problem in problems), "one line each")

    def test_by_rules(self):
        self.look("local", BY_RULES, by_rules)

    def test_by_rules_in_production(self):
        self.look("production", BY_RULES | ON_PRODUCTION, by_rules)

    def test_by_schemas(self):
        validator, version = os.environ["BANK_VALIDATOR"], os.environ["BANK_KUBERNETES_VERSION"]
        self.look("production", BY_SCHEMAS, lambda manifests: by_schemas(manifests, validator, version))


if __name__ == "__main__":
    unittest.main()
