"""What Rust's test harness prints, as JUnit's XML."""

import unittest
import xml.etree.ElementTree as xml

from common import CI, InFolder, run

PASSED = """
     Running target/debug/deps/accounts-0123456789abcdef
running 3 tests
test opening::asks_for_an_owner ... ok
test opening::panics_without_one - should panic ... ok
test slow::everything ... ignored, needs an hour

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
"""

FAILED = """
     Running unittests src/lib.rs (target/debug/deps/accounts-0123456789abcdef)
running 2 tests
test a::works ... ok
test a::breaks ... FAILED

failures:

---- a::breaks stdout ----

thread 'a::breaks' panicked at src/lib.rs:3:5:
assertion `left == right` failed
  left: "<&\x07>"
 right: 2

failures:
    a::breaks

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

"""

CRASHED = """
     Running target/debug/deps/it-0123456789abcdef
running 4 tests
test first ... ok
"""

LOUD = """
running 2 tests
test quiet ... ok
test loud ... a word in between
and another
ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""

MISREAD = """
running 2 tests
test known ... ok

test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
"""


class Junit(InFolder):
    def convert(self, text, code=0):
        """The report's element and the process, for a command that prints this and ends with this code."""
        printed, out = self.write("printed", text), self.folder / "reports/x.xml"
        done = run(CI / "junit", "--suite", "accounts", "--out", out, "--", "sh", "-c", f"cat '{printed}'; exit {code}")
        return xml.parse(out).getroot(), done

    def numbers(self, suite):
        return {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}

    def test_what_passed_and_what_was_left_out(self):
        suite, done = self.convert(PASSED)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(done.stdout, PASSED, "what it prints is shown as it was")
        self.assertEqual(self.numbers(suite), {"tests": 3, "failures": 0, "errors": 0, "skipped": 1})
        names = [(case.get("classname"), case.get("name")) for case in suite]
        self.assertEqual(names[0], ("accounts.accounts.opening", "asks_for_an_owner"))
        self.assertEqual(names[1][1], "panics_without_one")
        self.assertEqual(suite[2].find("skipped").get("message"), "needs an hour")

    def test_a_failure_has_its_text_and_the_exit_code_stays(self):
        suite, done = self.convert(FAILED, 101)
        self.assertEqual(done.returncode, 101)
        self.assertEqual(self.numbers(suite), {"tests": 2, "failures": 1, "errors": 0, "skipped": 0})
        failure = suite[1].find("failure")
        self.assertIn("panicked at src/lib.rs:3:5", failure.get("message"))
        self.assertIn('left: "<&\ufffd>"', failure.text, "what XML cannot hold is replaced")
        self.assertNotIn("failures:", failure.text)

    def test_several_programs_are_one_suite(self):
        suite, done = self.convert(PASSED + FAILED, 101)
        self.assertEqual(self.numbers(suite)["tests"], 5)

    def test_a_program_that_ends_in_the_middle_is_an_error(self):
        suite, done = self.convert(CRASHED, 134)
        self.assertEqual(done.returncode, 134)
        self.assertEqual(self.numbers(suite)["errors"], 1)
        self.assertIn("it began 4 tests", suite[1].find("error").get("message"))
        suite, done = self.convert(CRASHED + PASSED, 0)
        self.assertEqual((done.returncode, self.numbers(suite)["errors"]), (101, 1), "also if nobody noticed")

    def test_a_command_that_fails_without_a_failed_test_is_an_error(self):
        suite, done = self.convert("error: could not compile\n", 3)
        self.assertEqual((done.returncode, self.numbers(suite)["errors"]), (3, 1))

    def test_a_test_that_prints_past_the_harness_is_read(self):
        suite, done = self.convert(LOUD)
        self.assertEqual((done.returncode, self.numbers(suite)["tests"]), (0, 2))

    def test_counts_that_differ_from_the_harness_are_an_error(self):
        suite, done = self.convert(MISREAD)
        self.assertEqual((done.returncode, self.numbers(suite)["errors"]), (101, 1))

    def test_a_command_that_a_signal_ended_fails(self):
        out = self.folder / "x.xml"
        done = run(CI / "junit", "--suite", "s", "--out", out, "--", "sh", "-c", "kill -9 $$")
        self.assertEqual((done.returncode, xml.parse(out).getroot().get("errors")), (137, "1"))

    def test_a_command_that_is_not_there(self):
        done = run(CI / "junit", "--suite", "s", "--out", self.folder / "x.xml", "--", "/nowhere/tests")
        self.assert_refused(done, 2, "COMMAND '/nowhere/tests' cannot be run")


if __name__ == "__main__":
    unittest.main()
