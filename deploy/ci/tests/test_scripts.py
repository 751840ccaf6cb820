"""What the stages' scripts hand to the tools below them, and what they refuse. The tools are stand-ins on PATH here."""

import json
import os
import shutil
import unittest
import xml.etree.ElementTree as xml

from common import CI, ROOT, InFolder, run


class Scripts(InFolder):
    def setUp(self):
        super().setUp()
        standing = json.dumps([{"service": "accounts", "image": "r/accounts@sha256:1"}, {"service": "webhooks", "image": None}])
        self.write("bin/bank-deploy", (
            f'#!/bin/sh\necho "$@" >>{self.folder}/calls\n[ "$2" != status ] || echo \'{standing}\'\n'
        )).chmod(0o755)
        # An engine that has every image.
        self.write("bin/docker", "#!/bin/sh\necho sha256:0\n").chmod(0o755)
        (self.folder / "ci").mkdir()
        self.settings = {
            "BANK_DEPLOY": str(self.folder / "bin/bank-deploy"), "BANK_CI_DIR": str(self.folder / "ci"), "BANK_CI_VERSION": "1.2.3",
            "BANK_CI_REGISTRY": "127.0.0.1:5000", "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "BANK_IMAGE_PREFIX": "bank",
        }

    def script(self, name, *arguments, **variables):
        return run(CI / name, *arguments, **(self.settings | variables))

    def calls(self):
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def test_what_was_chosen_is_taken_when_nothing_is_named(self):
        self.write("ci/services", "accounts\ntransfers\n")
        self.assertEqual(self.script("smoke").returncode, 0)
        self.assertEqual(self.script("smoke", "webhooks").returncode, 0)
        self.assertEqual(self.calls(), ["smoke bank/accounts:1.2.3 bank/transfers:1.2.3", "smoke bank/webhooks:1.2.3"])

    def test_nothing_that_changed_is_nothing_to_do(self):
        self.write("ci/services", "")
        self.write("ci/packages", "")
        for arguments in (["image"], ["smoke"], ["history"], ["publish"], ["test"]):
            done = self.script(*arguments)
            self.assertEqual((done.returncode, self.calls()), (0, []), done.stderr)
            self.assertIn("nothing to do", done.stderr)
        # An environment's own settings may have changed.
        self.assertEqual(self.script("deploy", "staging").returncode, 0)
        self.assertEqual(self.calls(), ["apply deploy/environments/staging.toml"])

    def test_what_a_branch_chose_is_no_release(self):
        self.write("ci/version", "1.2.3-4-g0123456789ab")
        self.write("ci/services", "accounts\n")
        done = self.script("deploy", "production", TAG_NAME="v1.2.3", BANK_CI_VERSION="")
        self.assert_refused(done, 2, "version 1.2.3-4-g0123456789ab was chosen, not the release v1.2.3")
        self.assertEqual(self.calls(), [])

    def test_history(self):
        sample = self.write("sample.jsonl", "")
        done = self.script("history", "accounts", "customers", BANK_CI_SAMPLE=str(sample))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.script("history", "accounts", "customers", BANK_CI_RUNNING="1.2.2").returncode, 0)
        self.assertEqual(self.calls(), [
            f"history bank/accounts:1.2.3 bank/customers:1.2.3 --sample {sample}",
            "history bank/accounts:1.2.3 --running 127.0.0.1:5000/accounts:1.2.2",
            "history bank/customers:1.2.3 --running 127.0.0.1:5000/customers:1.2.2",
        ])
        for variables, environment in (({"BRANCH_NAME": "main"}, "staging"), ({"TAG_NAME": "v1"}, "production")):
            (self.folder / "calls").unlink()
            done = self.script("history", "accounts", "customers", "webhooks", **variables)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("nothing is known to run of these: bank/customers:1.2.3 bank/webhooks:1.2.3", done.stderr)
            self.assertEqual(self.calls(), [
                f"--json status deploy/environments/{environment}.toml",
                "history bank/accounts:1.2.3 --running r/accounts@sha256:1",
                "history bank/customers:1.2.3 bank/webhooks:1.2.3",
            ])
        self.assert_refused(self.script("history", "accounts", BANK_CI_SAMPLE="/nowhere"), 2, "BANK_CI_SAMPLE: there is no file")

    def test_deploy(self):
        self.assertEqual(self.script("deploy", "staging", "accounts", "bank").returncode, 0)
        self.assertEqual(self.calls(), ["apply deploy/environments/staging.toml --set accounts=1.2.3"])
        done = self.script("deploy", "staging", "bank")
        self.assertEqual((done.returncode, len(self.calls())), (0, 1), "the tools run nowhere")
        for environment in ("staging", "production"):
            self.assertTrue((ROOT / f"deploy/environments/{environment}.toml").is_file())

    def test_tests_are_run_and_reported_by_package(self):
        """cargo is a stand-in that has built two programs for accounts, one of which fails, and one for webhooks."""
        real, built = shutil.which("cargo"), []
        for package, name, code in (("accounts", "broken", 101), ("accounts", "whole", 0), ("webhooks", "whole", 0)):
            result = "FAILED" if code else "ok"
            program = self.write(f"built/{package}/{name}", (
                f"#!/bin/sh\npwd >>{self.folder}/folders\necho 'running 1 test'\necho 'test one ... {result}'\n"
                f"echo 'test result: {result}. {int(not code)} passed; {int(bool(code))} failed; 0 ignored; 0 measured'\nexit {code}\n"
            ))
            program.chmod(0o755)
            built.append({"reason": "compiler-artifact", "profile": {"test": True}, "executable": str(program),
                          "manifest_path": str(ROOT / f"services/{package}/Cargo.toml")})
        # What was built for tests to use is no test.
        built.append(built[-1] | {"profile": {"test": False}, "executable": "/nowhere"})
        self.write("messages", "".join(json.dumps(each) + "\n" for each in built))
        self.write("bin/cargo", f'#!/bin/sh\n[ "$1" != test ] || exec cat {self.folder}/messages\nexec {real} "$@"\n').chmod(0o755)
        junit, told = self.folder / "junit", {"BANK_TEST_POSTGRES_URL": "postgres://none"}
        self.write("junit/of-before.xml", "")
        done = self.script("test", "accounts", "webhooks", BANK_CI_JUNIT=str(junit), **told)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("tests failed in accounts; see", done.stderr)
        self.assertEqual(sorted(path.name for path in junit.iterdir()), ["accounts.xml", "webhooks.xml"])
        accounts = xml.parse(junit / "accounts.xml").getroot()
        self.assertEqual((accounts.get("tests"), accounts.get("failures"), accounts.get("errors")), ("2", "1", "0"))
        self.assertEqual(done.stdout.count("test one ... ok"), 2, "what comes after a failure is run as well")
        folders = (self.folder / "folders").read_text().splitlines()
        self.assertEqual(folders, [str(ROOT / f"services/{name}") for name in ("accounts", "accounts", "webhooks")])
        self.assertEqual(self.script("test", "webhooks", BANK_CI_JUNIT=str(junit), **told).returncode, 0)
        self.assert_refused(self.script("test", "customers", BANK_CI_JUNIT=str(junit), **told), 1, "cargo built no tests for customers")

    def test_what_is_refused(self):
        for arguments, variables, text in (
            (["smoke"], {}, "nothing was chosen yet"),
            (["test"], {}, "nothing was chosen yet"),
            (["test", "loans"], {}, "no package is called 'loans'"),
            (["smoke", "loans"], {}, "no service is called 'loans'"),
            (["image", "accounts"], {"BANK_CI_VERSION": "1:0"}, "'1:0' is no version"),
            (["publish", "accounts"], {"BANK_CI_REGISTRY": ""}, "BANK_CI_REGISTRY is not set"),
            (["deploy"], {}, "which environment?"),
            (["deploy", "moon"], {}, "there is no environment 'moon'"),
            (["deploy", "../x"], {}, "'../x' is no environment"),
            (["choose", "loans"], {}, "no service is called 'loans'"),
            (["lint", "accounts"], {}, "it takes no 'accounts'"),
            (["version", "x"], {}, "it takes no 'x'"),
            (["image", "--fast"], {}, "what is '--fast'?"),
        ):
            self.assert_refused(self.script(*arguments, **variables), 2, text)
        self.assertEqual(self.calls(), [])


if __name__ == "__main__":
    unittest.main()
