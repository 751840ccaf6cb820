"""The Jenkinsfile as Groovy reads it, and the stages as they are run without Jenkins."""

import argparse
import contextlib
import io
import json
import tempfile
import time
import unittest
from pathlib import Path

from common import CI, ROOT, InFolder, loaded, run

stages = loaded("run-stages")

# What is wrong with each, and what is said of it.
PLANTED = {
    "a brace that is missing": ("    stages {", "    stages ", "stages"),
    "an unknown section of the pipeline": ("    stages {", "    colours { any() }\n    stages {", "pipeline has no section 'colours'"),
    "an unknown section of a stage": ("            steps { sh 'deploy/ci/lint' }", "            step { sh 'deploy/ci/lint' }",
                                      "stage 'Lint' has no section 'step'"),
    "no agent": ("    agent none\n", "", "pipeline needs agent"),
    "an unknown option": ("timestamps()", "timestamp()", "'timestamp' is none of the options"),
    "an unknown condition": ("when { branch 'main' }", "when { brunch 'main' }", "'brunch' is no condition of when"),
    "an unknown condition of post": ("post { always {", "post { allways {", "post has no section 'allways'"),
    "two stages of one name": ("stage('Lint')", "stage('Test')", "there are two stages called 'Test'"),
    "a second step": ("sh 'deploy/ci/lint' }", "sh 'deploy/ci/lint'; sh 'true' }", "has one step, sh '…', not [sh, sh]"),
    "a text that Jenkins fills in": ("sh 'deploy/ci/lint'", 'sh "deploy/ci/lint ${SECRET}"', "use single quotes"),
    "a program around it": ("pipeline {", "def x = 1\npipeline {", "what is"),
    "a section twice": ("    agent none\n", "    agent none\n    agent any\n", "pipeline has 'agent' twice"),
    "a condition of several stages": ("            stages {", "            when { branch 'main' }\n            stages {",
                                      "which is made of stages, has no section 'when'"),
}


class Jenkinsfile(InFolder):
    @classmethod
    def setUpClass(cls):
        done = run(CI / "describe")
        assert done.returncode == 0, done.stderr
        cls.pipeline = json.loads(done.stdout)

    def test_its_stages_call_scripts_that_are_there(self):
        for stage in self.pipeline["stages"]:
            script = ROOT / stage["command"].split()[0]
            self.assertTrue(script.is_file() and script.stat().st_mode & 0o111, stage["command"])
            self.assertEqual(run(script, "--help").returncode, 0, script)

    def test_it_has_limits_reports_and_one_build_at_a_time(self):
        names = [option["name"] for option in self.pipeline["options"]]
        self.assertLessEqual({"timeout", "disableConcurrentBuilds"}, set(names))
        post = {stage["name"]: [step["name"] for steps in stage["post"].values() for step in steps] for stage in self.pipeline["stages"]}
        self.assertEqual((post["Test"], post["Image"]), (["junit"], ["archiveArtifacts"]))
        for stage in self.pipeline["stages"]:
            self.assertTrue(stages.limit_of(stage) or stage["input"], f"{stage['name']} has no limit")

    def test_it_offers_the_services_that_there_are(self):
        choices = self.pipeline["parameters"][0]["arguments"][0]["choices"]
        lines = (ROOT / "docker/services.toml").read_text().splitlines()
        self.assertEqual(choices, ["changed", "all", *(line[1:-1] for line in lines if line.startswith("["))])

    def test_branches_deploy_where_they_belong(self):
        def run_on(branch, tag):
            conditions = stages.Conditions(branch, tag, {})
            return [each["name"] for each in self.pipeline["stages"] if conditions.all_hold(each["when"])][6:]

        self.assertEqual(run_on("main", None), ["Publish", "Deploy to staging"])
        self.assertEqual(run_on("v1.4.0", "v1.4.0"), ["Publish", "Deploy to production"])
        self.assertEqual(run_on("some-work", None), [])
        last = self.pipeline["stages"][-1]
        self.assertTrue(last["input"], "production asks first")

    def test_what_is_wrong_is_found(self):
        text, files = (ROOT / "Jenkinsfile").read_text(), []
        for number, (what, (old, new, _)) in enumerate(PLANTED.items()):
            self.assertIn(old, text, what)
            files.append(self.write(f"{number}.jenkinsfile", text.replace(old, new, 1)))
        done = run(CI / "describe", *files)
        self.assertEqual(done.returncode, 1)
        said = dict(line.split(".jenkinsfile:", 1) for line in done.stderr.splitlines())
        for number, (what, (_, _, expected)) in enumerate(PLANTED.items()):
            line = said.get(str(self.folder / str(number)), "nothing was said")
            self.assertRegex(line, r"^\d+: ", what)
            self.assertIn(expected, line, what)
        self.assertEqual(len(said), len(PLANTED))

    def test_a_file_that_is_not_there(self):
        self.assert_refused(run(CI / "describe", "nowhere"), 2, "there is no file 'nowhere'")


def stage(name, command, **more):
    return {"name": name, "command": command, "when": [], "input": None, "options": [], "environment": {}} | more


class Running(InFolder):
    def run_stages(self, *described, branch="main", tag=None, **more):
        """The exit code and the results of these stages."""
        arguments = argparse.Namespace(only=[], approve=False, json=True, folder=self.folder)
        arguments.__dict__.update(more)
        environment = {"PATH": "/usr/bin:/bin"}
        with contextlib.redirect_stdout(io.StringIO()) as printed, tempfile.TemporaryFile("w+") as errors, \
                contextlib.redirect_stderr(errors):
            code = stages.run_all(described, stages.Conditions(branch, tag, environment), environment, arguments)
        return code, [(each["stage"], each["result"]) for each in json.loads(printed.getvalue())], printed.getvalue()

    def test_in_order_until_one_fails(self):
        code, results, _ = self.run_stages(
            stage("a", "echo a >>seen"), stage("b", "echo b >>seen; false; echo c >>seen"), stage("c", "echo d >>seen")
        )
        self.assertEqual((code, results), (1, [("a", "ok"), ("b", "failed")]))
        self.assertEqual((self.folder / "seen").read_text(), "a\nb\n")

    def test_conditions(self):
        described = (
            stage("main", "true", when=[{"branch": ["main"]}]),
            stage("either", "true", when=[{"anyOf": [{"branch": ["main"]}, {"buildingTag": []}]}]),
            stage("pattern", "true", when=[{"branch": ["release/*"]}]),
            stage("none of it", "true", when=[{"not": [{"branch": ["main"]}]}, {"buildingTag": []}]),
        )
        results = dict(self.run_stages(*described)[1])
        self.assertEqual(results, {"main": "ok", "either": "ok", "pattern": "skipped", "none of it": "skipped"})
        results = dict(self.run_stages(*described, branch="v1", tag="v1")[1])
        self.assertEqual(results, {"main": "skipped", "either": "ok", "pattern": "skipped", "none of it": "ok"})

    def test_a_condition_that_only_jenkins_knows_is_refused(self):
        with self.assertRaisesRegex(stages.Unusable, "'expression' can only be decided by Jenkins"):
            self.run_stages(stage("a", "true", when=[{"expression": "{ … }"}]))

    def test_a_question_needs_its_answer(self):
        asks = stage("asks", "true", input={"message": "Now?"})
        code, results, printed = self.run_stages(asks)
        self.assertEqual((code, results), (1, [("asks", "failed")]))
        self.assertIn("--approve", printed)
        self.assertEqual(self.run_stages(asks, approve=True)[0], 0)

    def test_a_stage_that_hangs_is_ended_with_all_that_it_started(self):
        limit = [{"name": "timeout", "arguments": [{"time": 1, "unit": "SECONDS"}]}]
        began = time.monotonic()
        code, results, printed = self.run_stages(stage("hangs", "sleep 300 & echo $! >child; wait", options=limit))
        self.assertEqual((code, results), (1, [("hangs", "failed")]))
        self.assertIn("not done after 1 s", printed)
        self.assertLess(time.monotonic() - began, 60)
        child = Path("/proc") / (self.folder / "child").read_text().strip() / "status"
        deadline = time.monotonic() + 30
        while child.exists() and "State:\tZ" not in child.read_text():
            self.assertLess(time.monotonic(), deadline, "the child lives on")
            time.sleep(0.1)

    def test_a_stage_has_its_own_environment(self):
        code, results, _ = self.run_stages(stage("a", '[ "$WORD" = yes ]', environment={"WORD": "yes"}))
        self.assertEqual(code, 0)

    def test_the_command_line(self):
        listed = run(CI / "run-stages", "--list", "--json", "--from", "Publish")
        self.assertEqual([each["name"] for each in json.loads(listed.stdout)][0], "Publish")
        self.assert_refused(run(CI / "run-stages", "--only", "Nothing"), 2, "no stage is called 'Nothing'")
        for arguments, text in {
            ("--colour",): "unrecognized arguments: --colour", ("--env", "x"): "'x' is no setting; write KEY=VALUE",
            ("--only", "a", "--from", "b"): "exclude each other", ("--folder", "/nowhere"): "--folder: there is no folder",
            ("--branch", "a", "--tag", "b"): "not allowed with argument",
        }.items():
            self.assert_refused(run(CI / "run-stages", *arguments), 2, text)

    def test_the_parameter_is_one_of_its_choices(self):
        done = run(CI / "run-stages", "--service", "loans")
        self.assert_refused(done, 2, "SERVICE is one of changed all accounts")


if __name__ == "__main__":
    unittest.main()
