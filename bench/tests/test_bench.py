"""What bench/run relies on, with engines that are scripts: python3 -m unittest discover bench/tests"""

import json
import pathlib
import stat
import sys
import tempfile
import time
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib import results, suite
from lib.commands import Failure, measure
from lib.context import Context
from lib.engines import Engine
from lib.results import Section


class Results(unittest.TestCase):
    def section(self):
        section = Section("s", "S", "s", "note", ["native", "a", "b"], baseline="native", geomean=True)
        for name, native, a in (("x", (1, 3, 2), (4,)), ("y", (1,), (8,))):
            row = section.row(name)
            row.add("native", *native)
            row.add("a", *a)
        section.rows[0].lose("b", "why not")
        return section

    def test_ratios_are_of_medians_and_their_mean_is_geometric(self):
        section = self.section()
        self.assertEqual([section.ratio(row, "a") for row in section.rows], [2, 8])
        self.assertAlmostEqual(section.geometric_mean("a"), 4)
        self.assertIsNone(section.geometric_mean("b"))

    def test_json(self):
        section = json.loads(json.dumps(self.section().json()))
        self.assertEqual(section["rows"][0]["values"]["native"],
                         {"median": 2, "min": 1, "max": 3, "runs": 3, "samples": [1, 3, 2]})
        self.assertEqual(section["rows"][0]["missing"], {"b": "why not"})
        self.assertNotIn("b", section["rows"][0]["values"])

    def test_table_says_why_a_cell_is_empty(self):
        text = results.table(self.section())
        self.assertIn("| x              | 2.00 s | 2.00 | – |", text)
        self.assertIn("| geometric mean |        | 4.00 |   |", text)
        self.assertIn("- b: x: why not", text)

    def test_one_failure_takes_earlier_values_away(self):
        row = self.section().row("z")
        row.add("a", 1)
        row.lose("a", "later")
        self.assertIsNone(row.summary("a"))

    def test_quantities(self):
        self.assertEqual([results.quantity(*pair) for pair in
                          [(0.0123, "s"), (1.5e-9, "s"), (2, "s"), (35_000, "bytes"), (5, "bytes"), (340, "MB/s"),
                           (1.25, "ratio")]],
                         ["12.3 ms", "1.50 ns", "2.00 s", "35.0 kB", "5 bytes", "340 MB/s", "1.25"])


class Commands(unittest.TestCase):
    def test_a_program_that_takes_too_long_ends_with_what_it_started(self):
        with tempfile.TemporaryDirectory() as folder:
            mark = pathlib.Path(folder) / "mark"
            with self.assertRaisesRegex(Failure, "not done after 0.2 s"):
                measure(["sh", "-c", f"(sleep 1; touch {mark}) & wait"], limit=0.2)
            time.sleep(1.2)
            self.assertFalse(mark.exists())

    def test_reasons_are_one_line(self):
        with self.assertRaisesRegex(Failure, r"^sh: status 3: b: error: c$"):
            measure(["sh", "-c", "echo a >&2; echo 'b: error: c' >&2; exit 3"])
        with self.assertRaisesRegex(Failure, r"^sh: SIGSEGV$"):
            measure(["sh", "-c", "kill -SEGV $$"])
        with self.assertRaisesRegex(Failure, "No such file"):
            measure(["/nowhere/at/all"])

    def test_memory_is_the_programs_own(self):
        small = measure(["true"]).peak_bytes
        large = measure([sys.executable, "-c", "x = bytearray(300_000_000)"]).peak_bytes
        self.assertGreater(large - small, 200_000_000)


class Comparison(unittest.TestCase):
    """Engines that are a line of shell each."""

    def compare(self, **scripts):
        with tempfile.TemporaryDirectory() as folder:
            def prepare(engine, context, program, module, output):
                path = pathlib.Path(folder) / engine.name
                path.write_text(f"#!/bin/sh\n{scripts[engine.name]}\n")
                path.chmod(path.stat().st_mode | stat.S_IXUSR)
                return [path]

            context = Context("wasmaot", rounds=2)
            used = [Engine(name, "sh", prepare) for name in scripts]
            section = Section("s", "S", "s", "", list(scripts), baseline="native")
            with mock.patch.object(suite.Program, "module", lambda *_: None), \
                    mock.patch("sys.stderr"):
                suite.compare(context, section, [suite.Program("gemm")], used)
            return section.rows[0], context.errors

    def test_all_agree(self):
        row, errors = self.compare(native="echo gemm 12.5 0.1", a="echo gemm 12.5 0.2")
        self.assertEqual(row.samples, {"native": [0.1, 0.1], "a": [0.2, 0.2]})
        self.assertEqual((row.missing, errors), ({}, []))

    def test_another_checksum_is_an_error_and_no_value(self):
        row, errors = self.compare(native="echo gemm 12.5 0.1", a="echo gemm 12.500000000000002 0.001")
        self.assertEqual(list(row.samples), ["native"])
        self.assertEqual(row.missing, {"a": "checksum 12.500000000000002, not 12.5"})
        self.assertEqual(len(errors), 1)

    def test_an_engine_that_fails_is_a_cell(self):
        row, errors = self.compare(native="echo gemm 1 0.1", a="echo trap >&2; exit 134", b="echo nonsense",
                                   c="echo gemm 1 0.3")
        self.assertEqual(sorted(row.samples), ["c", "native"])
        self.assertEqual(row.missing, {"a": "a: status 134: trap", "b": "it printed 'nonsense'"})
        self.assertEqual(errors, [])


if __name__ == "__main__":
    unittest.main()
