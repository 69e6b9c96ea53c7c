"""What bench/run relies on, with engines that are scripts: python3 -m unittest discover bench/tests"""

import importlib.machinery
import importlib.util
import json
import pathlib
import stat
import sys
import tempfile
import time
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib import bars, engines, results, start, suite
from lib.commands import BENCH, CLANG, Failure, measure, run
from lib.context import Context
from lib.elf import code_size
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

    def test_json(self):
        section = json.loads(json.dumps(self.section().json()))
        self.assertEqual(section["rows"][0]["values"]["native"],
                         {"median": 2, "min": 1, "max": 3, "runs": 3, "samples": [1, 3, 2]})
        self.assertEqual(section["rows"][0]["missing"], {"b": "why not"})
        self.assertNotIn("b", section["rows"][0]["values"])

    def test_results_are_kept_whatever_becomes_of_reports(self):
        with tempfile.TemporaryDirectory() as folder:
            path = results.record({"date": "2026-11-29"}, pathlib.Path(folder) / "results")
            with self.assertRaises(Failure), mock.patch.object(results, "REPORTER", "false"):
                results.report(path)
            self.assertEqual(json.loads(path.read_text()), {"date": "2026-11-29"})

    def test_sections_of_another_run_take_the_place_of_those_of_their_names(self):
        def document(command, commit, *sections):
            return {"date": f"2026-11-{28 + int(commit)}", "command": command, "commit": commit,
                    "machine": {"cpu": "a"}, "versions": {"clang": "19", "x": commit},
                    "bars": [], "sections": [{"name": name, "title": title, "rows": []} for name, title in sections]}
        both = results.merged(document("a", "1", ("x", "old"), ("y", "kept")),
                              document("b", "2", ("z", "new"), ("x", "new")))
        self.assertEqual([(section["name"], section["title"]) for section in both["sections"]],
                         [("x", "new"), ("y", "kept"), ("z", "new")])
        self.assertEqual((both["command"], both["commit"], both["versions"]), ("a; b", "1, 2", {"clang": "19", "x": "1, 2"}))
        self.assertEqual(both["date"], "2026-11-29, 2026-11-30")
        self.assertEqual(len(both["bars"]), len(bars.BARS))

    def test_results_of_another_machine_are_not_put_into_these(self):
        earlier = {"machine": {"cpu": "a", "cores": 2, "kernel": "Linux 6"}}
        results.refuse_other_machine(earlier, dict(earlier["machine"]))
        with self.assertRaisesRegex(Failure, "^the results are of another machine: cores is 2, here 4, "
                                             "kernel is Linux 6, here None, memoryGiB is None, here 8$"):
            results.merged(earlier, {"machine": {"cpu": "a", "cores": 4, "memoryGiB": 8}, "sections": []})

    def test_one_failure_takes_earlier_values_away(self):
        row = self.section().row("z")
        row.add("a", 1)
        row.lose("a", "later")
        self.assertIsNone(row.summary("a"))


class Versions(unittest.TestCase):
    def test_are_those_of_what_was_measured(self):
        section = Section("s", "S", "s", "", ["native"])
        section.row("node")
        context = Context("/bin/true")
        with mock.patch.object(Engine, "find", lambda *_: "found"), \
                mock.patch.object(Engine, "say_version", lambda *_: "1"):
            self.assertEqual(list(engines.versions(context, [section])), [CLANG, "wasmaot", "node"])


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
        # In this order: what the largest of all children had would be the second's, too.
        large = measure([sys.executable, "-c", "x = bytearray(300_000_000)"]).peak_bytes
        small = measure(["true"]).peak_bytes
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
                                   c="echo gemm 1 0.3", d="echo gemm 1 fast")
        self.assertEqual(sorted(row.samples), ["c", "native"])
        self.assertEqual(row.missing, {"a": "a: status 134: trap", "b": "it printed 'nonsense'",
                                       "d": "it printed 'gemm 1 fast'"})
        self.assertEqual(errors, [])


class MachineCode(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.object = pathlib.Path(folder.name) / "code.o"

    def test_what_can_be_executed_is_counted(self):
        source = self.object.with_suffix(".s")
        source.write_text('.text\n.zero 5\n.section mine,"ax"\n.zero 7\n.section .rodata\n.zero 11\n.data\n.zero 13\n')
        run(CLANG, "-c", source, "-o", self.object)
        self.assertEqual(code_size(self.object), 12)
        self.assertEqual(code_size(self.object, "mine"), 7)
        self.assertEqual(code_size(self.object, "none"), 0)

    def test_other_files_are_refused(self):
        self.object.write_bytes(b"\0asm\1\0\0\0")
        with self.assertRaisesRegex(ValueError, "is no ELF file"):
            code_size(self.object)


class Starts(unittest.TestCase):
    def sections(self):
        figures = {(start.FILTER_PROGRAM, "app"): (130e-6, 1e-6, 2e-6),
                   ("hello world", "app"): (160e-6, 1e-6, 2e-6), ("hello world", start.OFF): (135e-6, 1e-6, 2e-6)}
        return start.sections_of_starts((110e-6, 1e-6, 2e-6), figures, 500)

    def test_the_wall_is_the_difference_to_the_same_program_without(self):
        section, wall = self.sections()
        self.assertEqual([row.name for row in wall.rows], [start.FILTER_PROGRAM, "hello world"])
        self.assertAlmostEqual(wall.rows[0].median("added"), 20e-6)
        self.assertAlmostEqual(wall.rows[1].median("added"), 25e-6)
        self.assertEqual(section.rows[1].median(section.baseline), 110e-6)

    def test_all_take_turns(self):
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(start, "BUILD", pathlib.Path(folder)):
            log = pathlib.Path(folder) / "log"
            programs = [["/bin/sh", "-c", f"echo {name} >> {log}"] for name in "abc"]
            self.assertEqual(len(start.spawned(programs, 20)), 3)
            turns = log.read_text().split()
        rounds = [tuple(turns[i:i + 3]) for i in range(0, len(turns), 3)]
        # Three of them warm up.
        self.assertEqual(len(rounds), 23)
        self.assertEqual({tuple(sorted(turn)) for turn in rounds}, {("a", "b", "c")})
        self.assertGreater(len(set(rounds)), 1)


class CommandLine(unittest.TestCase):
    """bench/run itself, with benchmarks of its own."""

    def setUp(self):
        loader = importlib.machinery.SourceFileLoader("bench_run", str(BENCH / "run"))
        self.program = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench_run", loader))
        # No cache of it beside it.
        with mock.patch("sys.dont_write_bytecode", True):
            loader.exec_module(self.program)

    def run_it(self, *arguments, reporter="exec cat"):
        """What it wrote as JSON, how it ended, and what it said of errors and showed."""
        with tempfile.TemporaryDirectory() as folder:
            path, script = pathlib.Path(folder) / "results.json", pathlib.Path(folder) / "bench-report"
            script.write_text(f"#!/bin/sh\n{reporter}\n")
            script.chmod(script.stat().st_mode | stat.S_IXUSR)
            with mock.patch("sys.argv", ["bench/run", "--json", str(path), "--wasmaot", "/bin/true", *arguments]), \
                    mock.patch("sys.stdout") as output, mock.patch("sys.stderr") as errors, \
                    mock.patch.object(self.program.results, "REPORTER", script), \
                    mock.patch.object(self.program.engines, "versions", return_value={}):
                code = None
                try:
                    self.program.main()
                except SystemExit as ended:
                    code = ended.code
            said, shown = ("".join(call.args[0] for call in stream.write.call_args_list) for stream in (errors, output))
            document = json.loads(path.read_text()) if path.exists() else None
            return document, code, said, shown

    def one_section(self):
        section = Section("s", "S", "s", "", ["a"])
        section.row("x").add("a", 1)
        return {"start": lambda _: [section]}

    def test_a_mistake_in_one_benchmark_leaves_what_others_have_measured(self):
        def mistaken(_):
            raise ValueError("a mistake")
        with mock.patch.dict(self.program.BENCHMARKS, {**self.one_section(), "size": mistaken}):
            document, code, said, _ = self.run_it("start", "size")
        self.assertEqual([section["name"] for section in document["sections"]], ["s"])
        self.assertEqual(code, "bench/run: 1 errors, see above")
        self.assertIn("a mistake", said)

    def test_what_is_shown_is_what_the_reporter_makes_of_a_section(self):
        with mock.patch.dict(self.program.BENCHMARKS, self.one_section()):
            document, code, said, shown = self.run_it("start")
        self.assertEqual((code, said), (None, ""))
        given, _ = json.JSONDecoder().raw_decode(shown[shown.index("{"):])
        self.assertEqual(given["sections"], document["sections"])
        self.assertEqual(given["bars"], document["bars"])

    def test_what_can_not_be_shown_is_kept(self):
        with mock.patch.dict(self.program.BENCHMARKS, self.one_section()):
            document, code, said, _ = self.run_it("start", reporter="echo broken >&2; exit 3")
        self.assertEqual([section["name"] for section in document["sections"]], ["s"])
        self.assertEqual(code, "bench/run: 1 errors, see above")
        self.assertIn("start: not shown: bench-report: status 3: broken", said)

    def into(self, text):
        """Puts a section into a file: what is in it then, the status, and whether anything was measured."""
        measure = mock.Mock(side_effect=self.one_section()["start"])
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(self.program.BENCHMARKS, {"start": measure}):
            path = pathlib.Path(folder) / "r.json"
            path.write_text(text)
            with mock.patch("sys.argv", ["bench/run", "--wasmaot", "/bin/true", "start", "--into", str(path)]), \
                    mock.patch("sys.stdout"), mock.patch.object(self.program.results, "REPORTER", "/bin/true"), \
                    mock.patch.object(self.program.engines, "versions", return_value={}):
                code = None
                try:
                    self.program.main()
                except SystemExit as ended:
                    code = ended.code
            return path.read_text(), code, measure.called

    def test_results_of_an_earlier_run_are_amended(self):
        earlier = {"format": 1, "date": "2026-11-28", "machine": results.machine(), "command": "earlier",
                   "versions": {}, "sections": []}
        text, code, _ = self.into(json.dumps(earlier))
        self.assertIsNone(code)
        document = json.loads(text)
        self.assertEqual([section["name"] for section in document["sections"]], ["s"])
        self.assertIn("start --into", document["command"])
        self.assertTrue(document["date"].startswith("2026-11-28, "))

    def test_what_can_not_be_amended_is_refused_before_anything_is_measured(self):
        for text, why in (("{", "Expecting property name"), ("[]", "no results of bench/run"),
                          ('{"format": 1, "sections": []}', "no results of bench/run"),
                          ('{"format": 1, "machine": {"cpu": "none such"}}',
                           "another machine: cpu is none such, here ")):
            after, code, measured = self.into(text)
            self.assertRegex(code, f"^bench/run: --into: .*{why}")
            self.assertEqual((after, measured), (text, False))

    def test_nothing_is_measured_twice(self):
        for names in (["start", "start"], ["scalar", "suite"]):
            document, code, said, _ = self.run_it(*names)
            self.assertEqual((document, code), (None, 2))
            self.assertIn("would be measured twice", said)


if __name__ == "__main__":
    unittest.main()
