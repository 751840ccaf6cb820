"""What the stages' scripts hand to the tools below them, and what they refuse. The tools are stand-ins on PATH here."""

import os
import unittest

from common import CI, ROOT, InFolder, run


class Scripts(InFolder):
    def setUp(self):
        super().setUp()
        self.write("bin/bank-deploy", f'#!/bin/sh\necho "$@" >>{self.folder}/calls\n').chmod(0o755)
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
        for arguments in (["image"], ["smoke"], ["history"], ["publish"], ["deploy", "staging"], ["test"]):
            done = self.script(*arguments)
            self.assertEqual((done.returncode, self.calls()), (0, []), done.stderr)
            self.assertIn("nothing to do", done.stderr)

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
        self.assert_refused(self.script("history", "accounts", BANK_CI_SAMPLE="/nowhere"), 2, "BANK_CI_SAMPLE: there is no file")

    def test_deploy(self):
        self.assertEqual(self.script("deploy", "staging", "accounts", "bank").returncode, 0)
        self.assertEqual(self.calls(), ["apply deploy/environments/staging.toml --set accounts=1.2.3"])
        done = self.script("deploy", "staging", "bank")
        self.assertEqual((done.returncode, len(self.calls())), (0, 1), "the tools run nowhere")
        for environment in ("staging", "production"):
            self.assertTrue((ROOT / f"deploy/environments/{environment}.toml").is_file())

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
