"""Jenkins as code: what its files say of each other."""

import re
import unittest

import yaml

from common import CI, ROOT, InFolder, run

# The plugin that has each step and option of the Jenkinsfile that is none of the pipeline's own.
PLUGIN_OF = {"junit": "junit", "timestamps": "timestamper"}


class Jenkins(InFolder):
    def setUp(self):
        super().setUp()
        self.compose = yaml.safe_load((CI / "compose.yml").read_text())
        self.text = (CI / "jenkins/jenkins.yaml").read_text()
        self.jenkins = yaml.safe_load(self.text)

    def plugins(self):
        lines = (CI / "jenkins/plugins.txt").read_text().splitlines()
        return dict(line.split(":", 1) for line in lines if not line.startswith("#"))

    def test_plugins_are_pinned_and_are_those_that_are_used(self):
        for name, version in self.plugins().items():
            self.assertRegex(version, r"^\d[\w.]*$", name)
        used = (ROOT / "Jenkinsfile").read_text()
        for step, plugin in PLUGIN_OF.items():
            self.assertRegex(used, rf"\b{step}\b")
            self.assertIn(plugin, self.plugins())
        self.assertLessEqual({"configuration-as-code", "workflow-aggregator", "workflow-multibranch", "git", "ssh-slaves", "job-dsl"}, set(self.plugins()))

    def test_images_are_pinned(self):
        dockerfile = (CI / "jenkins/Dockerfile").read_text()
        names = re.findall(r"^FROM (\S+)", dockerfile, re.M) + [self.compose["services"]["registry"]["image"]]
        for name in names:
            self.assertRegex(name, r":\d+\.\d+", name)
        channel = re.search(r'channel = "([\d.]+)"', (ROOT / "rust-toolchain.toml").read_text())[1]
        self.assertIn(f"rust:{channel}-bookworm", dockerfile, "the agent has the repository's Rust")

    def test_secrets_are_files_that_are_given_and_drawn(self):
        services = self.compose["services"]
        asked = set(re.findall(r"readFile:/run/secrets/([\w.-]+)", self.text))
        self.assertEqual(asked, set(services["controller"]["secrets"]))
        sshd = (CI / "jenkins/sshd_config").read_text()
        self.assertEqual(set(re.findall(r"/run/secrets/([\w.-]+)", sshd)), set(services["agent"]["secrets"]))
        folder = self.folder / "secrets"
        self.assertEqual(run(CI / "secrets.sh", folder).returncode, 0)
        drawn = {path.name: path.read_text() for path in folder.iterdir()}
        self.assertEqual(set(drawn), set(self.compose["secrets"]))
        self.assertEqual(folder.stat().st_mode & 0o777, 0o700)
        self.assertEqual(run(CI / "secrets.sh", folder).returncode, 0)
        self.assertEqual(drawn, {path.name: path.read_text() for path in folder.iterdir()}, "what is there stays")
        for said in re.findall(r"^\s*(?:password|privateKey|secret|token): (.*)$", self.text, re.M):
            self.assertIn("${readFile:", said)

    def test_builds_run_where_the_jenkinsfile_wants_them(self):
        node = self.jenkins["jenkins"]["nodes"][0]["permanent"]
        wanted = re.search(r"agent \{ label '([\w-]+)' \}", (ROOT / "Jenkinsfile").read_text())[1]
        self.assertIn(wanted, node["labelString"].split())
        self.assertEqual(self.jenkins["jenkins"]["numExecutors"], 0, "the controller builds nothing")
        ssh, sshd = node["launcher"]["ssh"], (CI / "jenkins/sshd_config").read_text()
        self.assertIn(f"ListenAddress {ssh['host']}\nPort {ssh['port']}\n", sshd)
        told = {each["key"] for each in self.jenkins["jenkins"]["globalNodeProperties"][0]["envVars"]["env"]}
        self.assertIn("BANK_CI_REGISTRY", told)

    def test_everything_listens_on_loopback_and_keeps_its_data(self):
        services = self.compose["services"]
        self.assertIn("--httpListenAddress=127.0.0.1", services["controller"]["environment"]["JENKINS_OPTS"])
        self.assertTrue(all(port.startswith("127.0.0.1:") for port in services["registry"]["ports"]))
        kept = {volume.split(":")[0] for service in services.values() for volume in service["volumes"]}
        self.assertLessEqual(set(self.compose["volumes"]), kept)
        for service in ("controller", "registry"):
            self.assertIn("healthcheck", services[service])

    def test_the_job_reads_the_jenkinsfile_of_every_branch_and_tag(self):
        script = self.jenkins["jobs"][0]["script"]
        for word in ("multibranchPipelineJob('bank')", "gitBranchDiscovery()", "gitTagDiscovery()", "scriptPath('Jenkinsfile')"):
            self.assertIn(word, script)


if __name__ == "__main__":
    unittest.main()
