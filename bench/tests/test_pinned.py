"""Counts of instructions: what is counted, and what becomes of a count that has changed."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib import pinned
from lib.commands import BUILD, CLANG, Failure, measure
from lib.context import Context
from lib.counter import Counter, Skipped

# Asks for the time twice, and does something else between.
KERNEL = """
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
int main(void) {{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  {body}
  clock_gettime(CLOCK_MONOTONIC, &now);
  puts("sum");
  return {status};
}}
"""


def counter():
    """Or a skipped test."""
    BUILD.mkdir(parents=True, exist_ok=True)
    try:
        return Counter()
    except Skipped as skipped:
        raise unittest.SkipTest(str(skipped)) from None


class Steps(unittest.TestCase):
    def count(self, body, status="0"):
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder) / "kernel.c", pathlib.Path(folder) / "kernel"
            source.write_text(KERNEL.format(body=body, status=status))
            measure([CLANG, "-O2", source, "-o", program])
            return counter()([program])

    def nops(self, count):
        return f'__asm__ volatile(".rept {count}\\nnop\\n.endr");'

    def test_every_instruction_counts_once(self):
        checksum, few = self.count(self.nops(10))
        self.assertEqual(checksum, "sum")
        self.assertEqual(self.count(self.nops(1010))[1] - few, 1000)

    def test_loops_count_as_often_as_they_run(self):
        loop = '__asm__ volatile("mov $%d, %%%%eax\\n1: dec %%%%eax\\njnz 1b" ::: "eax");'
        self.assertEqual(self.count(loop % 600)[1] - self.count(loop % 100)[1], 1000)

    def test_system_calls_between_are_made(self):
        mapped = """char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memory[0] = 1;"""
        _, with_call = self.count(mapped, "memory[0] != 1")
        self.assertGreater(with_call, self.count("")[1])

    def test_what_ends_badly_has_no_count(self):
        with self.assertRaisesRegex(Failure, "the program did not end well"):
            self.count("", "3")
        with self.assertRaisesRegex(Failure, "a signal arrived"):
            self.count("__builtin_trap();")
        with self.assertRaisesRegex(Failure, "before it had asked for the time twice"):
            counter()(["/bin/true"])


class Verdicts(unittest.TestCase):
    def test_grown_by_more_than_the_tolerance_fails(self):
        self.assertTrue(pinned.verdict("x", 1030, 1000)[1])
        line, passed = pinned.verdict("x", 1031, 1000)
        self.assertFalse(passed)
        self.assertIn("1031 instructions, +3.1%: it took 1000", line)
        self.assertIn("--bless", line)

    def test_fallen_passes_and_wants_to_be_blessed(self):
        self.assertNotIn("--bless", pinned.verdict("x", 970, 1000)[0])
        line, passed = pinned.verdict("x", 969, 1000)
        self.assertTrue(passed)
        self.assertIn("--bless", line)

    def test_missing_and_failed_counts_fail(self):
        self.assertFalse(pinned.verdict("x", 1000, None)[1])
        self.assertFalse(pinned.verdict("x", Failure("trap"), 1000)[1])


class Checks(unittest.TestCase):
    """With two programs, whose counts are given."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        for name, value in {"FOLDER": self.folder / "golden", "BUILD": self.folder,
                            "PINS": [pinned.Pin(pinned.Program(name)) for name in ("gemm", "fir")],
                            "run": lambda *command: "LLVM 22.1.8\n" if command[0] == "wasmaot" else "clang 1\n",
                            "measure": lambda *_: mock.Mock(output="42\n")}.items():
            self.stack.enter_context(mock.patch.object(pinned, name, value))
        modules = self.modules = {"gemm": b"a", "fir": b"b"}
        counts = self.counts = {"gemm": ("42", 1000), "fir": ("42", 2000)}

        def compiled(pin, folder):
            (folder / pin.module.name).write_bytes(modules[pin.name])
            return modules[pin.name]
        self.stack.enter_context(mock.patch.object(pinned.Pin, "compile", compiled))
        self.stack.enter_context(mock.patch.object(pinned.Pin, "count", lambda pin, *_: counts[pin.name]))
        self.context = Context("wasmaot")

    def bless(self):
        pinned.bless_modules()
        pinned.bless_counts(self.context, lambda: None)

    def check(self, counter=lambda: None):
        return [passed for _, passed in [*pinned.check_modules(), *pinned.check_counts(self.context, counter)]]

    def test_what_was_blessed_passes(self):
        self.bless()
        self.assertEqual(self.check(), [True, True, True])
        self.assertEqual(json.loads((self.folder / "golden" / "counts.json").read_text()),
                         {"clang": "clang 1", "llvm": {"22": {"version": "22.1.8",
                                                              "counts": {"gemm": 1000, "fir": 2000}}}})

    def test_a_count_that_grew_fails(self):
        self.bless()
        self.counts["fir"] = ("42", 2061)
        self.assertEqual(self.check(), [True, True, False])

    def test_another_checksum_than_the_interpreters_fails(self):
        self.bless()
        self.counts["gemm"] = ("43", 10)
        self.assertEqual(self.check(), [True, False, True])

    def test_a_program_that_is_new_fails_until_it_is_blessed(self):
        with mock.patch.object(pinned, "PINS", pinned.PINS[:1]):
            self.bless()
        self.assertEqual(self.check(), [False, True, False])

    def test_sources_that_changed_fail_and_their_counts_are_forgotten(self):
        self.bless()
        self.modules["fir"] = b"c"
        self.assertEqual(self.check(), [False, True, True])
        self.assertEqual(pinned.bless_modules(), ["fir"])
        self.assertEqual(self.check(), [True, True, False])

    def test_what_can_not_be_compared_is_skipped(self):
        self.assertEqual(self.check(), [None, None])
        self.bless()

        def untraceable():
            raise Skipped("programs may not be traced here")
        self.assertEqual(self.check(untraceable), [True, None])


class Command(unittest.TestCase):
    """scripts/count-instructions, with lines that are given."""

    def status(self, modules, counts):
        script = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts" / "count-instructions"
        loader = importlib.machinery.SourceFileLoader("count_instructions", str(script))
        command = importlib.util.module_from_spec(importlib.util.spec_from_loader("count_instructions", loader))
        loader.exec_module(command)
        output = io.StringIO()
        with mock.patch.object(pinned, "check_modules", lambda: modules), mock.patch.object(sys, "argv", ["x"]), \
                mock.patch.object(pinned, "check_counts", lambda _: counts), contextlib.redirect_stdout(output):
            return command.main(), output.getvalue().splitlines()

    def test_has_a_status_of_its_own_where_nothing_could_be_checked(self):
        self.assertEqual(self.status([("a", None)], [("b", None)]),
                         (77, ["skipped: a", "skipped: b", "0 passed, 0 failed"]))

    def test_ends_well_where_something_could(self):
        self.assertEqual(self.status([("a", True)], [("b", None)]), (0, ["a", "skipped: b", "1 passed, 0 failed"]))
        self.assertEqual(self.status([("a", None)], [("b", False)]),
                         (1, ["skipped: a", "FAILED: b", "0 passed, 1 failed"]))


if __name__ == "__main__":
    unittest.main()
