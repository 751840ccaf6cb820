"""Which services a change is in, on a workspace of three services and two libraries."""

import shutil
import unittest

from common import CI, ROOT, InFolder, run

MANIFEST = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n'
WORKSPACE = '[workspace]\nresolver = "2"\nmembers = ["crates/*", "services/*", "deploy"]\n[workspace.package]\nversion = "0.3.0"\n'
PACKAGES = {
    "crates/core": "",
    "crates/helper": '[dependencies]\ncore = { path = "../core" }\n',
    "services/alpha": '[dependencies]\nmiddle = { path = "../../crates/middle" }\n',
    "services/beta": '[dev-dependencies]\nhelper = { path = "../../crates/helper" }\n',
    "services/gamma": "",
    "crates/middle": '[dependencies]\ncore = { path = "../core" }\n',
    "deploy": "",
}


class Changed(InFolder):
    def setUp(self):
        super().setUp()
        self.write("Cargo.toml", WORKSPACE)
        for folder, dependencies in PACKAGES.items():
            name = "bank-deploy" if folder == "deploy" else folder.rpartition("/")[2]
            self.write(f"{folder}/Cargo.toml", MANIFEST.format(name=name) + dependencies)
            self.write(f"{folder}/src/lib.rs", "")
        self.write("docker/services.toml", "# names\n[alpha]\n[beta]\n[gamma]\n")
        self.write("docker/Dockerfile", "")
        self.write("docs/guide.md", "")
        self.write(".gitignore", "/target\nCargo.lock\n")
        (self.folder / "deploy/ci").mkdir(parents=True)
        for script in ("changed", "choose", "version", "lib.sh"):
            shutil.copy(CI / script, self.folder / "deploy/ci" / script)
        shutil.copy(ROOT / "docker/lib.sh", self.folder / "docker/lib.sh")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "first")
        self.first = self.git("rev-parse", "HEAD")

    def changed(self, *arguments, **variables):
        done = run(self.folder / "deploy/ci/changed", *arguments, cwd=self.folder, **variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def after(self, *files):
        """What is printed when these files change, one commit later."""
        for name in files:
            self.write(name, "# changed\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "second")
        printed = self.changed(self.first)
        self.git("reset", "--quiet", "--hard", self.first)
        return printed

    def test_a_library_changes_what_is_made_of_it(self):
        self.assertEqual(self.after("crates/core/src/lib.rs"), ["alpha"])
        self.assertEqual(self.after("crates/middle/src/lib.rs"), ["alpha"])

    def test_what_only_tests_are_made_of_changes_no_image(self):
        self.assertEqual(self.after("crates/helper/src/lib.rs"), [])
        self.write("crates/helper/src/lib.rs", "changed")
        self.assertEqual(self.changed("--packages", self.first), ["beta", "helper"])

    def test_a_service_changes_itself(self):
        self.assertEqual(self.after("services/gamma/src/lib.rs"), ["gamma"])
        self.assertEqual(self.after("services/gamma/src/lib.rs", "services/beta/Cargo.md"), ["gamma"])

    def test_what_every_image_is_made_of_changes_all(self):
        everything = ["alpha", "beta", "gamma"]
        for name in ("docker/Dockerfile", "docker/settings/alpha.env", ".cargo/config.toml"):
            self.assertEqual(self.after(name), everything, name)
        self.write("Cargo.lock", "# changed\n")
        self.git("add", "--force", "Cargo.lock")
        self.assertEqual(self.changed(self.first), everything)
        self.git("rm", "--quiet", "--cached", "Cargo.lock")
        # One that is there, since cargo itself heeds it.
        shutil.copy(ROOT / "rust-toolchain.toml", self.folder)
        self.assertEqual(self.changed(self.first), everything)

    def test_documents_and_scripts_change_nothing(self):
        names = ("docs/guide.md", "docs/picture.svg", "README.md", "services/alpha/README.md", "scripts/x", "deploy/ci/new", "Jenkinsfile")
        self.assertEqual(self.after(*names), [])
        self.assertEqual(self.after("deploy/kubernetes/base/x.yaml"), [])

    def test_the_deploy_tool_is_a_package_and_no_service(self):
        self.write("deploy/src/lib.rs", "// changed")
        self.assertEqual(self.changed(self.first), [])
        self.assertEqual(self.changed("--packages", self.first), ["bank-deploy"])

    def test_what_nobody_knows_changes_all(self):
        self.assertEqual(self.after("proto/events.proto"), ["alpha", "beta", "gamma"])

    def test_what_is_moved_away_changes_where_it_was(self):
        self.write("services/gamma/src/more.rs", "// a line that is long enough to be recognised again\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "more")
        base = self.git("rev-parse", "HEAD")
        self.git("mv", "services/gamma/src/more.rs", "services/beta/src/more.rs")
        self.assertEqual(self.changed(base), ["beta", "gamma"])

    def test_files_that_are_not_committed_count(self):
        self.write("services/beta/src/fresh.rs", "")
        self.assertEqual(self.changed(self.first), ["beta"])

    def test_without_a_base(self):
        everything = ["alpha", "beta", "gamma"]
        self.git("switch", "--quiet", "--create", "branch")
        self.write("services/beta/src/lib.rs", "changed")
        self.git("commit", "--quiet", "--all", "--message", "beta")
        passed = self.git("rev-parse", "HEAD")
        self.write("services/gamma/src/lib.rs", "changed")
        self.git("commit", "--quiet", "--all", "--message", "gamma")
        self.assertEqual(self.changed(), ["beta", "gamma"], "since it left main")
        self.assertEqual(self.changed(GIT_PREVIOUS_SUCCESSFUL_COMMIT=passed), ["gamma"], "since it passed")
        self.git("revert", "--no-edit", "HEAD")
        self.assertEqual(self.changed(GIT_PREVIOUS_SUCCESSFUL_COMMIT=passed), ["gamma"], "and was taken back since")
        self.assertEqual(self.changed(GIT_PREVIOUS_SUCCESSFUL_COMMIT="0" * 40), everything, "a commit that is gone")
        self.assertEqual(self.changed(BRANCH_NAME="main"), everything, "nothing passed on main yet")
        self.assertEqual(self.changed(TAG_NAME="v1.0.0"), everything, "a release")

    def choose(self, word, **variables):
        """The services and the packages that are chosen."""
        folders = {"BANK_CI_DIR": "target/ci", "BANK_CI_JUNIT": "target/junit", "BANK_IMAGES_DIR": "target/images"}
        done = run(self.folder / "deploy/ci/choose", word, cwd=self.folder, **folders, **variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        return tuple((self.folder / "target/ci" / name).read_text().split() for name in ("services", "packages"))

    def test_a_build_of_one_service_covers_what_changed_besides(self):
        self.git("switch", "--quiet", "--create", "branch")
        self.write("crates/core/src/lib.rs", "changed")
        self.git("commit", "--quiet", "--all", "--message", "core")
        self.assertEqual(self.choose("beta"), (["beta"], ["beta"]), "by hand it is what was asked for")
        services, packages = self.choose("beta", BUILD_NUMBER="7")
        self.assertEqual((services, packages), (["alpha", "beta"], ["alpha", "beta", "core", "helper", "middle"]))
        everything = ["alpha", "beta", "gamma"]
        self.git("tag", "v1.0.0")
        self.assertEqual(self.choose("beta", BUILD_NUMBER="8", TAG_NAME="v1.0.0")[0], everything)

    def test_main_without_notes_of_what_was_published_builds_all(self):
        main = {"BRANCH_NAME": "main", "BUILD_NUMBER": "7", "GIT_PREVIOUS_SUCCESSFUL_COMMIT": self.first}
        self.write("services/gamma/src/lib.rs", "changed")
        self.assertEqual(self.choose("changed", **main)[0], ["alpha", "beta", "gamma"])
        for service in ("alpha", "beta", "gamma"):
            self.write(f"target/images/1/{service}.published", "")
        self.assertEqual(self.choose("changed", **main)[0], ["gamma"])

    def test_documents_that_a_test_compares_are_tested(self):
        self.write("services/bank/Cargo.toml", MANIFEST.format(name="bank"))
        self.write("services/bank/src/lib.rs", "")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "bank")
        base = self.git("rev-parse", "HEAD")
        self.write("docs/openapi.json", "{}")
        self.assertEqual((self.changed(base), self.changed("--packages", base)), ([], ["bank"]))

    def test_a_base_that_is_no_commit_is_refused(self):
        done = run(self.folder / "deploy/ci/changed", "nowhere", cwd=self.folder)
        self.assert_refused(done, 2, "BASE is no commit here: 'nowhere'")

    def version(self, **variables):
        done = run(self.folder / "deploy/ci/version", cwd=self.folder, **variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()

    def test_versions(self):
        short = self.first[:12]
        self.assertEqual(self.version(), f"0.3.0-1-g{short}")
        self.assertEqual(self.version(BUILD_NUMBER="7"), f"0.3.0-1-g{short}-b7")
        self.git("tag", "--annotate", "--message", "release", "v1.2.0")
        self.assertEqual(self.version(), "1.2.0", "by hand, on the tag")
        self.assertEqual(self.version(BUILD_NUMBER="7"), f"1.2.0-0-g{short}-b7", "main is no release, also on its commit")
        self.assertEqual(self.version(BUILD_NUMBER="7", TAG_NAME="v1.2.0"), "1.2.0")
        self.git("tag", "v1.2.0-rc1")
        self.assertEqual(self.version(TAG_NAME="v1.2.0-rc1"), "1.2.0-rc1", "of two tags the one that is built")
        done = run(self.folder / "deploy/ci/version", cwd=self.folder, TAG_NAME="nightly")
        self.assert_refused(done, 2, "TAG_NAME: 'nightly' is no release")
        done = run(self.folder / "deploy/ci/version", cwd=self.folder, TAG_NAME="v9.9.9")
        self.assert_refused(done, 1, "TAG_NAME: there is no tag 'v9.9.9' here")
        self.write("services/beta/src/lib.rs", "changed")
        self.assertEqual(self.version(), f"1.2.0-0-g{short}-changed")
        done = run(self.folder / "deploy/ci/version", cwd=self.folder, TAG_NAME="v1.2.0")
        self.assert_refused(done, 1, "something is not committed, so that this is not v1.2.0")
        self.git("commit", "--quiet", "--all", "--message", "second")
        done = run(self.folder / "deploy/ci/version", cwd=self.folder, TAG_NAME="v1.2.0")
        self.assert_refused(done, 1, "TAG_NAME: what is checked out is not the commit of v1.2.0")
        second = self.git("rev-parse", "HEAD")[:12]
        self.assertEqual(self.version(BUILD_NUMBER="8"), f"1.2.0-1-g{second}-b8")
        done = run(self.folder / "deploy/ci/version", cwd=self.folder, BUILD_NUMBER="x")
        self.assert_refused(done, 2, "BUILD_NUMBER is a number, not 'x'")


if __name__ == "__main__":
    unittest.main()
