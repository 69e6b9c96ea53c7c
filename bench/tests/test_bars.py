"""Bars: how their figures are made, and that there are figures for them."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib import bars, start
from lib.commands import BENCH


def section(columns, rows, baseline=None):
    return {"name": "s", "baseline": baseline, "columns": columns,
            "rows": [{"name": name, "values": {column: {"median": value} for column, value in zip(columns, values)
                                               if value is not None}} for name, values in rows.items()]}


class FiguresTests(unittest.TestCase):
    runs = bars.Figures(section(["native", bars.OWN, "wasmaot -O3", "a", "b"],
                                {"x": [1, 2, 9, 4, 1], "y": [2, 1, 9, 4, None], "z": [None, 1, 9, 1, None]}, "native"))

    def test_means_are_geometric_and_say_where_rows_are_missing(self):
        self.assertEqual(bars.mean(bars.OWN)(self.runs), (1, "2 of 3"))

    def test_the_worst_is_named(self):
        self.assertEqual(bars.worst(bars.OWN)(self.runs), (2, "x"))
        self.assertEqual(bars.worst("a", bars.OWN, choose=min)(self.runs), (1, "z"))

    def test_beside_the_engine_that_comes_off_best(self):
        # b is twice as fast where it has a value; neither native code nor another level of ours is another engine.
        self.assertEqual(bars.beside_others(self.runs), (2, "b"))

    def test_greatest_and_one(self):
        self.assertEqual(bars.greatest("a", "b")(self.runs), (4, "x"))
        self.assertEqual(bars.greatest("a", rows=lambda name: name == "z")(self.runs), (1, "z"))
        self.assertEqual(bars.one("y", "a")(self.runs), (4, ""))
        self.assertEqual(bars.one("y", "a", "native")(self.runs), (2, ""))

    def test_memory_is_a_part_of_what_there_may_be(self):
        figures = bars.Figures(section(["module", bars.OWN], {"small": [1e6, 81e6], "large": [10e6, 135e6]}))
        self.assertEqual(bars.memory(figures), (0.5, "small: 81 of 162 MB"))

    def test_nothing_is_made_of_nothing(self):
        empty = bars.Figures(section(["native", bars.OWN], {}, "native"))
        for bar in bars.BARS:
            if bar.figure:
                self.assertIsNone(bar.figure(empty))


class BarsTests(unittest.TestCase):
    def test_all_are_there_whatever_was_measured(self):
        found = bars.bars([])
        self.assertEqual([bar["name"] for bar in found], [bar.name for bar in bars.BARS])
        self.assertEqual(len(set(bar.name for bar in bars.BARS)), len(bars.BARS))
        self.assertFalse(any("value" in bar for bar in found))

    def test_recorded_results_have_the_figures(self):
        """The names of rows and columns are those that benchmarks use."""
        sections = json.loads(max((BENCH / "results").glob("*.json")).read_text())["sections"]
        names = [section["name"] for section in sections]
        for bar in bars.bars(sections):
            if bar["section"] in names:
                self.assertIn("value", bar, bar["name"])

    def test_starts(self):
        figures = {(start.FILTER_PROGRAM, "app"): (200e-6, 1e-6, 2e-6),
                   ("hello world", "app"): (160e-6, 1e-6, 2e-6), ("hello world", start.OFF): (135e-6, 1e-6, 2e-6)}
        sections = [section.json() for section in start.sections_of_starts((108e-6, 1e-6, 2e-6), figures, 500)]
        found = {bar["section"]: bar for bar in bars.bars(sections) if "value" in bar}
        self.assertEqual(found.keys(), {"start", "start-sandbox"})
        self.assertAlmostEqual(found["start"]["value"], 1.25)
        self.assertAlmostEqual(found["start-sandbox"]["value"], 25e-6)
        self.assertEqual(found["start-sandbox"]["detail"], "hello world")


if __name__ == "__main__":
    unittest.main()
