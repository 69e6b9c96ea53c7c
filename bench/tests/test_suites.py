"""How scripts/test counts what its suites say, and what they can't check."""

import pathlib
import subprocess
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"


class Suites(unittest.TestCase):
    def run_suites(self, *suites):
        """The status, and what is said after the suites' output; suites are their arguments and a line of shell."""
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder) / "all"
            script.write_text("\n".join([
                "set -euo pipefail", *(f"source '{SCRIPTS}/{name}.sh'" for name in ("common", "suites")),
                f"logs='{folder}'",
                *(f"suite {arguments} bash -c '{line}'" for arguments, line in suites), "echo END", "sum_up"]))
            done = subprocess.run(["bash", script], capture_output=True, text=True, check=False)
            self.assertEqual(done.stderr, "")
            return done.returncode, done.stdout.split("END\n")[1].splitlines()

    def test_counts_are_added_up(self):
        self.assertEqual(self.run_suites(("a", 'echo "3 passed, 0 failed"'), ("b", 'echo "2 passed, 1 failed"; exit 1')),
                         (1, ["5 passed, 1 failed"]))

    def test_one_that_crashes_or_checks_nothing_has_failed(self):
        for line in ("exit 1", "true", 'echo "0 passed, 0 failed"', 'echo "3 passed, 0 failed"; exit 9'):
            status, said = self.run_suites(("a", line))
            self.assertEqual((status, said[-1][-8:]), (1, "1 failed"), line)

    def test_what_may_skip_is_no_failure_and_is_said_at_the_end(self):
        nothing = 'echo "skipped: no X"; echo "skipped: no Y & Z/"; echo "0 passed, 0 failed"; exit 77'
        some = 'echo "skipped: no counts"; echo "1 passed, 0 failed"'
        self.assertEqual(self.run_suites(("--may-skip a", nothing), ("--may-skip b", some), ("c", some)),
                         (0, ["all: SKIPPED: a: no X", "all: SKIPPED: a: no Y & Z/", "all: SKIPPED: b: no counts",
                              "2 passed, 0 failed"]))

    def test_what_may_not_skip_fails_with_the_same(self):
        for status in (0, 77):
            nothing = f'echo "skipped: no X"; echo "0 passed, 0 failed"; exit {status}'
            self.assertEqual(self.run_suites(("a", nothing)), (1, ["0 passed, 1 failed"]))

    def test_what_may_skip_says_why_and_with_the_status(self):
        self.assertEqual(self.run_suites(("--may-skip a", 'echo "0 passed, 0 failed"; exit 77')),
                         (1, ["0 passed, 1 failed"]))
        for ending in ('echo "0 passed, 0 failed"', "exit 77", 'echo "0 passed, 1 failed"; exit 77',
                       'echo "1 passed, 0 failed"; exit 77'):
            status, said = self.run_suites(("--may-skip a", f'echo "skipped: no X"; {ending}'))
            self.assertEqual((status, said[-1][-8:]), (1, "1 failed"), ending)


if __name__ == "__main__":
    unittest.main()
