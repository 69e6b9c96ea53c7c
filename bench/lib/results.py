"""The results: sections of rows and columns in one unit, as JSON (docs/benchmarks.md); bench-report shows them."""

import datetime
import json
import os
import pathlib
import platform
import re
import shlex
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass, field

from .bars import bars
from .commands import BENCH, ROOT, Failure, reason, run

# Shows results and makes reports of them: swift build -c release --product bench-report.
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

    def json(self):
        return {
            "name": self.name, "title": self.title, "unit": self.unit, "lessIsBetter": self.less_is_better,
            "baseline": self.baseline, "note": self.note, "columns": self.columns,
            "rows": [{"name": row.name,
                      "values": {column: summary for column in self.columns if (summary := row.summary(column))},
                      "missing": row.missing} for row in self.rows],
            "geomeanOf": "ratio to baseline" if self.geomean else None,
        }


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
    measured = [section.json() for section in sections]
    return {"format": 1, "date": datetime.date.today().isoformat(), "command": shlex.join(["bench/run", *sys.argv[1:]]),
            **known, "machine": machine(), "versions": versions, "bars": bars(measured), "sections": measured}


def read(path):
    """The results of an earlier run."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise Failure(f"{path}: {error}") from None
    if not isinstance(found, dict) or found.get("format") != 1 or not isinstance(found.get("machine"), dict):
        raise Failure(f"{path}: no results of bench/run")
    return found


def refuse_other_machine(earlier, here):
    """Results name one machine: figures of another would be said to be its own."""
    there = earlier["machine"]
    names = [name for name in {**there, **here} if there.get(name) != here.get(name)]
    if names:
        raise Failure("the results are of another machine: " +
                      ", ".join(f"{name} is {there.get(name)}, here {here.get(name)}" for name in names))


def merged(earlier, document):
    """An earlier run's results with the sections of another one, which take the place of those of their names."""
    refuse_other_machine(earlier, document["machine"])
    new = {section["name"]: section for section in document["sections"]}
    sections = [new.pop(section["name"], section) for section in earlier["sections"]] + list(new.values())
    # Which section is of which day and commit can be told from the commands.
    def both(first, second):
        return ", ".join(dict.fromkeys(filter(None, [first, second])))
    commit = both(earlier.get("commit"), document.get("commit"))
    versions = {name: both(earlier["versions"].get(name), document["versions"].get(name))
                for name in {**earlier["versions"], **document["versions"]}}
    return {**earlier, "date": both(earlier["date"], document["date"]), **({"commit": commit} if commit else {}),
            "command": f"{earlier['command']}; {document['command']}", "versions": versions, "bars": bars(sections),
            "sections": sections}


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


def report(path):
    """Reports with plots of what was recorded, made by bench-report."""
    run(REPORTER, path)
    return [path.with_suffix(".md"), path.with_suffix(".html")]


def text(sections):
    """Sections as tables for a terminal, and the bars that they have figures for."""
    done = subprocess.run([REPORTER, "--text", "-"], input=json.dumps(document(sections, {})), capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise Failure(reason([REPORTER], done.returncode, done.stderr))
    return done.stdout
