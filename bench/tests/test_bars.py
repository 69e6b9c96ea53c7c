"""Bars: how their figures are made, and that there are figures for them."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lib import bars, start
from lib.bars import Figure
from lib.commands import BENCH


def section(columns, rows, baseline=None):
    return {"name": "s", "baseline": baseline, "columns": columns,
            "rows": [{"name": name, "values": {column: {"median": value} for column, value in zip(columns, values)
                                               if value is not None}} for name, values in rows.items()]}


class FiguresTests(unittest.TestCase):
    runs = bars.Figures(section(["native", bars.OWN, "wasmaot -O3", "a", "b"],
                                {"x": [1, 2, 9, 4, 1], "y": [2, 1, 9, 4, None], "z": [None, 1, 9, 1, None]}, "native"))

    def test_means_are_geometric_and_say_where_rows_are_missing(self):
        self.assertEqual(bars.mean(bars.OWN)(self.runs), Figure(1, "", "2 of 3"))

    def test_the_worst_is_named(self):
        self.assertEqual(bars.worst(bars.OWN)(self.runs), Figure(2, "x", "2 of 3"))
        self.assertEqual(bars.least("a", bars.OWN)(self.runs), Figure(1, "z"))
        self.assertEqual(bars.least("b", bars.OWN)(self.runs), Figure(0.5, "x", "1 of 3"))

    def test_beside_the_engine_that_comes_off_best(self):
        # b is twice as fast where it has a value; neither native code nor another level of ours is another engine.
        self.assertEqual(bars.beside_others(self.runs), Figure(2, "b", "1 of 3"))

    def test_greatest_and_one(self):
        self.assertEqual(bars.greatest("a", "b")(self.runs), Figure(4, "x", "2 of 3 failed", False))
        self.assertEqual(bars.greatest("a")(self.runs), Figure(4, "x"))
        self.assertEqual(bars.greatest("a", choose=min)(self.runs), Figure(1, "z"))
        self.assertEqual(bars.one("y", "a")(self.runs), Figure(4))
        self.assertEqual(bars.one("y", "a", "native")(self.runs), Figure(2))

    def test_memory_is_a_part_of_what_there_may_be(self):
        figures = bars.Figures(section(["module", bars.OWN], {"small": [1e6, 81e6], "large": [10e6, 135e6]}))
        self.assertEqual(bars.memory(figures), Figure(0.5, "small: 81 of 162 MB"))

    def test_nothing_is_made_of_nothing(self):
        empty = bars.Figures(section(["native", bars.OWN], {}, "native"))
        for bar in bars.BARS:
            self.assertIsNone(bar.figure(empty))


class FailuresTests(unittest.TestCase):
    """Rows in which we have no value."""

    def figures(self, columns, **rows):
        return bars.Figures(section(columns, rows, columns[0]))

    def test_are_counted_by_all_figures(self):
        runs = self.figures(["native", bars.OWN, "other"], x=[1, 1, 2], y=[1, None, 2], z=[1, 1, None])
        sizes = self.figures(["module", bars.OWN], x=[1e6, 81e6], y=[10e6, None])
        for figure, figures, expected in (
                (bars.mean(bars.OWN), runs, Figure(1, "", "1 of 3 failed", False)),
                (bars.worst(bars.OWN), runs, Figure(1, "x", "1 of 3 failed", False)),
                (bars.worst(bars.OWN, "other"), runs, Figure(0.5, "x", "1 of 3 failed", False)),
                (bars.least("other", bars.OWN), runs, Figure(2, "x", "1 of 3 failed", False)),
                (bars.greatest(bars.OWN), runs, Figure(1, "x", "1 of 3 failed", False)),
                (bars.greatest("other", choose=min), runs, Figure(2, "x", "1 of 3 failed", False)),
                (bars.one("y", bars.OWN), runs, Figure(None, "", "1 of 1 failed", False)),
                (bars.one("x", bars.OWN), runs, Figure(1)),
                (bars.beside_others, runs, Figure(0.5, "other", "1 of 3 failed", False)),
                (bars.memory, sizes, Figure(0.5, "x: 81 of 162 MB", "1 of 2 failed", False))):
            self.assertEqual(figure(figures), expected)

    def test_of_all_rows(self):
        runs = self.figures(["native", bars.OWN, "other"], x=[1, None, 2], y=[1, None, 2])
        for figure in (bars.mean(bars.OWN), bars.worst(bars.OWN), bars.greatest(bars.OWN), bars.beside_others,
                       bars.least("other", bars.OWN)):
            self.assertEqual(figure(runs), Figure(None, "", "2 of 2 failed", False))

    def test_of_the_column_compared_with_where_that_is_ours(self):
        runs = self.figures(["full", "changed"], x=[10, 1], y=[None, 1])
        self.assertEqual(bars.worst("changed", own=["changed", "full"])(runs), Figure(0.1, "x", "1 of 2 failed", False))

    def test_a_column_that_was_not_to_be_measured_has_not_failed(self):
        for figure in (bars.mean(bars.OWN), bars.worst(bars.OWN), bars.greatest(bars.OWN), bars.beside_others,
                       bars.memory):
            self.assertIsNone(figure(self.figures(["native", "other"], x=[1, 2])))

    def test_bars_are_not_met(self):
        """Whatever their figure, and whatever it is of the other rows."""
        def of(value, own, limit=1.25, less_is_better=True):
            columns = {"native": {"median": 1}, bars.OWN: {"median": value}}
            rows = [{"name": "x", "values": columns, "missing": {}},
                    {"name": "y", "values": {"native": {"median": 1}, **({bars.OWN: {"median": value}} if own else {})},
                     "missing": {} if own else {bars.OWN: "not done after 60 s"}}]
            bar = bars.Bar("b", "s", "ratio", limit, bars.worst(bars.OWN), less_is_better)
            found = bar.json({"s": {"name": "s", "baseline": "native", "columns": ["native", bars.OWN], "rows": rows}})
            return found.get("value"), found["detail"]
        self.assertEqual(of(1.25, True), (1.25, "x"))
        self.assertEqual(of(1.25, False), (None, "1 of 2 failed"))
        # One that is missed by the others is missed.
        self.assertEqual(of(1.5, False), (1.5, "x; 1 of 2 failed"))
        self.assertEqual(of(1.5, False, less_is_better=False), (None, "1 of 2 failed"))
        self.assertEqual(of(1, False, less_is_better=False), (1, "x; 1 of 2 failed"))

    def test_no_bar_of_recorded_results_is_met_without_one_of_our_values(self):
        """Each value of ours that a bar's figure is made of, taken away in one row."""
        sections = [section for path in sorted((BENCH / "results").glob("*.json"))
                    for section in json.loads(path.read_text())["sections"]]
        ours = {bars.OWN, "wasmaot -O0", "wasmaot interpreter", "unchanged", "one function changed"}
        tried = 0
        for measured in sections:
            for column in ours & set(measured["columns"]):
                for index in range(len(measured["rows"])):
                    lost = json.loads(json.dumps(measured))
                    lost["rows"][index]["values"].pop(column, None)
                    for bar, before in ((bar.json({lost["name"]: lost}), bar.json({lost["name"]: measured}))
                                        for bar in bars.BARS if bar.section == lost["name"]):
                        if "failed" in bar.get("detail", ""):
                            tried += 1
                            value, limit = bar.get("value"), bar["limit"]
                            self.assertFalse(value is not None and
                                             (value <= limit if bar["lessIsBetter"] else value >= limit), bar["name"])
                        else:
                            # Made of other columns.
                            self.assertEqual(bar, before)
        self.assertGreater(tried, 100)


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
                # A detail alone says in how many rows we have failed: those were found.
                self.assertTrue("value" in bar or "detail" in bar, bar["name"])

    def test_starts(self):
        figures = {(start.FILTER_PROGRAM, "app"): (200e-6, 1e-6, 2e-6),
                   ("hello world", "app"): (160e-6, 1e-6, 2e-6), ("hello world", start.OFF): (135e-6, 1e-6, 2e-6)}
        sections = [section.json() for section in start.sections_of_starts((108e-6, 1e-6, 2e-6), figures, 500)]
        found = {bar["section"]: bar for bar in bars.bars(sections) if "value" in bar}
        self.assertEqual(found.keys(), {"start", "start-sandbox"})
        self.assertAlmostEqual(found["start"]["value"], 1.25)
        self.assertAlmostEqual(found["start-sandbox"]["value"], 25e-6)
        # The program with a granted directory has a bar of its own, and was not measured.
        self.assertIn("hello world", found["start-sandbox"]["name"])


if __name__ == "__main__":
    unittest.main()
