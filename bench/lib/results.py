"""The results: sections of rows and columns in one unit, as JSON (docs/benchmarks.md) and as tables."""

import datetime
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import statistics
import sys
from dataclasses import dataclass, field

from .commands import BENCH, ROOT, run

# Makes reports of results: swift build -c release --product bench-report.
REPORTER = ROOT / ".build" / "release" / "bench-report"


@dataclass
class Row:
    name: str
    # By column: what was measured, and why nothing was.
    samples: dict = field(default_factory=dict)
    missing: dict = field(default_factory=dict)
    # Where somebody else has counted: what stands in the results.
    summaries: dict = field(default_factory=dict)

    def add(self, column, *values):
        self.samples.setdefault(column, []).extend(values)

    def measured(self, column, median, least, most, runs):
        self.summaries[column] = {"median": median, "min": least, "max": most, "runs": runs}

    def lose(self, column, why):
        """Nothing is said of a column that failed once."""
        self.samples.pop(column, None)
        self.missing.setdefault(column, str(why))

    def summary(self, column):
        values = self.samples.get(column)
        if not values:
            return self.summaries.get(column)
        return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values),
                "samples": values}

    def median(self, column):
        summary = self.summary(column)
        return summary["median"] if summary else None


@dataclass
class Section:
    name: str
    title: str
    unit: str
    note: str
    columns: list
    rows: list = field(default_factory=list)
    # The column that others are compared with.
    baseline: str = None
    less_is_better: bool = True
    geomean: bool = False

    def row(self, name):
        row = Row(name)
        self.rows.append(row)
        return row

    def ratio(self, row, column):
        value, base = row.median(column), row.median(self.baseline)
        return value / base if value and base else None

    def geometric_mean(self, column):
        """Over the rows in which the column has a value."""
        ratios = [ratio for row in self.rows if (ratio := self.ratio(row, column))]
        return statistics.geometric_mean(ratios) if ratios else None

    def mean_text(self, column):
        """The mean, and over how many of the rows that could be compared, where it is not over all of them."""
        compared = sum(self.ratio(row, column) is not None for row in self.rows)
        comparable = sum(row.median(self.baseline) is not None for row in self.rows)
        if not compared:
            return ""
        some = "" if compared == comparable else f" ({compared} of {comparable})"
        return digits(self.geometric_mean(column)) + some

    def json(self):
        return {
            "name": self.name, "title": self.title, "unit": self.unit, "lessIsBetter": self.less_is_better,
            "baseline": self.baseline, "note": self.note, "columns": self.columns,
            "rows": [{"name": row.name,
                      "values": {column: summary for column in self.columns if (summary := row.summary(column))},
                      "missing": row.missing} for row in self.rows],
            "geomeanOf": "ratio to baseline" if self.geomean else None,
        }


# MARK: Tables

# Larger and smaller ones of a unit: what makes one of them, and its name.
SCALES = {"s": [(1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")],
          "bytes": [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1, "bytes")]}


def digits(value):
    """Three that say something."""
    if value == 0 or abs(value) >= 99.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 9.995 else f"{value:.2f}" if abs(value) >= 0.0995 else f"{value:.4f}"


def quantity(value, unit):
    """`12.3 ms`, `1.20 MB`, `340 MB/s`."""
    if unit == "ratio":
        return digits(value)
    factor, name = next((scale for scale in SCALES.get(unit, []) if abs(value) >= scale[0] * 0.9995),
                        SCALES.get(unit, [(1, unit)])[-1])
    return f"{value:.0f} bytes" if name == "bytes" else f"{digits(value / factor)} {name}"


def table(section):
    """A section as a table of Markdown, which reads well on a terminal, too: medians, of the columns beside a
    baseline their ratios to it, and below it why cells are empty."""
    heads = [section.name, *section.columns]
    lines = []
    for row in section.rows:
        line = [row.name]
        for column in section.columns:
            value = row.median(column)
            if value is None:
                line.append("–" if column in row.missing else "")
            elif section.baseline and column != section.baseline:
                ratio = section.ratio(row, column)
                # Without a baseline the value itself.
                line.append(digits(ratio) if ratio else quantity(value, section.unit))
            else:
                line.append(quantity(value, section.unit))
        lines.append(line)
    if section.geomean and len(section.rows) > 1:
        lines.append(["geometric mean"] + [section.mean_text(column) if column != section.baseline else ""
                                           for column in section.columns])
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    text = ["| " + " | ".join(part.ljust(width) for part, width in zip(heads, widths)) + " |",
            "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
    text += ["| " + " | ".join(part.ljust(width) for part, width in zip(line, widths)) + " |" for line in lines]
    reasons = {}
    for row in section.rows:
        for column, why in row.missing.items():
            reasons.setdefault((column, why), []).append(row.name)
    if reasons:
        text.append("")
        text += [f"- {column}: {', '.join(rows)}: {why}" for (column, why), rows in reasons.items()]
    return "\n".join(text)


# MARK: Files

def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"cpu": model.group(1) if model else platform.machine(), "cores": os.cpu_count(),
            "memoryGiB": round(memory / (1 << 30), 1), "kernel": f"Linux {platform.release()}"}


def commit():
    """What is measured, marked where files differ from it; None outside of git."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        return None
    head = run("git", "-C", ROOT, "rev-parse", "--short", "HEAD").strip()
    changed = run("git", "-C", ROOT, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results")
    return head + ("+" if changed.strip() else "")


def document(sections, versions):
    known = {"commit": head} if (head := commit()) else {}
    return {"format": 1, "date": datetime.date.today().isoformat(), "command": shlex.join(["bench/run", *sys.argv[1:]]),
            **known, "machine": machine(), "versions": versions,
            "sections": [section.json() for section in sections]}


def write(document, path):
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if str(path) == "-":
        print(text, end="")
        return
    # By rename: an earlier file stays whole until the new one is.
    path = pathlib.Path(path)
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.replace(path)


def record(document, folder=BENCH / "results"):
    """A day's results, in bench/results: they are kept whatever becomes of reports."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{document['date']}.json"
    write(document, path)
    return path


def report(path, reporter=REPORTER):
    """Reports with plots of what was recorded, made by bench-report."""
    run(reporter, path)
    return [path.with_suffix(".md"), path.with_suffix(".html")]
