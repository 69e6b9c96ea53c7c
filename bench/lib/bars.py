"""The goals that results are held against: each a row that says which section has its figure, and how it is made of it.

They work on sections as they stand in results, so that earlier ones can be held against them, too."""

import statistics
from dataclasses import dataclass
from typing import Callable

OWN = "wasmaot -O2"
# Of the sections that say how a build is spread.
CORES, SLOWEST = "CPU time", "slowest unit"
# What the compiler may take, of memory: for each byte of the module, and beside that.
BYTES_A_BYTE, BYTES_BESIDE = 12, 150e6


class Figures:
    """What is in a section."""

    def __init__(self, section):
        self.section = section
        self.rows = {row["name"]: row["values"] for row in section["rows"]}

    def value(self, row, column):
        return self.rows.get(row, {}).get(column, {}).get("median")

    def ratio(self, row, column, base):
        value, base = self.value(row, column), self.value(row, base)
        return value / base if value and base else None

    def ratios(self, column, base):
        """By row, where both have a value."""
        return {row: ratio for row in self.rows if (ratio := self.ratio(row, column, base)) is not None}


# MARK: How figures are made: of rows; None where there is nothing to make one of

@dataclass(frozen=True)
class Figure:
    """A value, what it is that of, of how many rows if not all, and whether we have failed in none."""
    value: float = None
    detail: str = ""
    count: str = ""
    whole: bool = True


def of_rows(figures, own, values, choose, rows=lambda name: True):
    """What is chosen of values by row: a value, and what it is that of.

    A row in which one of `own`, our columns, has no value is one that we failed in: what could be worse than all the
    others is not left out in silence. Where another's is missing there is nothing to compare with, which is said."""
    names = [row for row in figures.rows if rows(row)]
    # A section without a column is of a run that was not to measure it.
    failed = [row for row in names if any(figures.value(row, column) is None for column in own)
              and all(column in figures.section["columns"] for column in own)]
    count = (f"{len(failed)} of {len(names)} failed" if failed else
             f"{len(values)} of {len(names)}" if len(values) < len(names) else "")
    if not values:
        return Figure(count=count, whole=False) if failed else None
    value, detail = choose(values)
    return Figure(value, detail, count, not failed)


def mean(column, base=None):
    """The geometric mean of ratios of a column of ours."""
    def figure(figures):
        return of_rows(figures, [column], figures.ratios(column, base or figures.section["baseline"]),
                       lambda ratios: (statistics.geometric_mean(ratios.values()), ""))
    return figure


def extreme(values, choose=max):
    row = choose(values, key=values.get)
    return values[row], row


def worst(column, base=None, own=None):
    """The greatest of the ratios of a column of ours; `own` where what it is compared with is ours, too."""
    def figure(figures):
        return of_rows(figures, own or [column], figures.ratios(column, base or figures.section["baseline"]), extreme)
    return figure


def least(column, own):
    """The least of the ratios of another's column to one of ours."""
    def figure(figures):
        return of_rows(figures, [own], figures.ratios(column, own), lambda ratios: extreme(ratios, min))
    return figure


def greatest(*columns, choose=max):
    """The greatest of the values of columns of ours, or the least."""
    def figure(figures):
        found = {row: choose(values) for row in figures.rows if (
            values := [value for column in columns if (value := figures.value(row, column)) is not None])}
        return of_rows(figures, columns, found, lambda values: extreme(values, choose))
    return figure


def one(row, column, base=None):
    """The value of a column of ours in one row, or its ratio."""
    def figure(figures):
        value = figures.ratio(row, column, base) if base else figures.value(row, column)
        return of_rows(figures, [column], {} if value is None else {row: value}, lambda values: (values[row], ""),
                       lambda name: name == row)
    return figure


def beside_others(figures):
    """The mean of ratios to the engine that comes off best."""
    others = [column for column in figures.section["columns"] if column != "native" and "wasmaot" not in column]
    ratios = {other: found for other in others if (found := figures.ratios(OWN, other))}
    means = {other: statistics.geometric_mean(found.values()) for other, found in ratios.items()}
    if not means:
        return of_rows(figures, [OWN], {}, extreme)
    best = max(means, key=means.get)
    return of_rows(figures, [OWN], ratios[best], lambda _: (means[best], best))


def memory(figures):
    """Peak memory as a part of what there may be."""
    parts = {row: peak / (BYTES_A_BYTE * size + BYTES_BESIDE) for row in figures.rows
             if (peak := figures.value(row, OWN)) and (size := figures.value(row, "module"))}

    def greatest_part(parts):
        part, row = extreme(parts)
        peak, size = figures.value(row, OWN), figures.value(row, "module")
        return part, f"{row}: {peak / 1e6:.0f} of {(BYTES_A_BYTE * size + BYTES_BESIDE) / 1e6:.0f} MB"
    return of_rows(figures, [OWN], parts, greatest_part)


# MARK: The table

@dataclass(frozen=True)
class Bar:
    name: str
    section: str
    unit: str
    limit: float
    figure: Callable
    less_is_better: bool = True

    def within(self, value):
        return value <= self.limit if self.less_is_better else value >= self.limit

    def json(self, sections):
        """With its figure, where its section is among these.

        Where we failed in a row, no value says that the bar is met; one of the other rows can say that it is missed."""
        section = sections.get(self.section)
        found = self.figure(Figures(section)) if section else None
        bar = {"name": self.name, "section": self.section, "unit": self.unit, "limit": self.limit,
               "lessIsBetter": self.less_is_better}
        if found is None:
            return bar
        said = found.value is not None and (found.whole or not self.within(found.value))
        detail = "; ".join(filter(None, [found.detail if said else "", found.count]))
        return {**bar, **({"value": found.value} if said else {}), **({"detail": detail} if detail else {})}


BARS = [bar for section, title in (("scalar", "scalar wasm"), ("simd", "wasm with SIMD"), ("cpu", "for the machine's CPU"))
        for bar in (Bar(f"Run time, {title}, beside native code: mean", section, "ratio", 1.05, mean(OWN)),
                    Bar(f"Run time, {title}, beside native code: slowest program", section, "ratio", 1.25, worst(OWN)))]
BARS += [
    Bar("Run time, scalar wasm, beside the fastest other engine: mean", "scalar", "ratio", 1, beside_others),
    Bar("Run time, wasm with SIMD, beside the fastest other engine: mean", "simd", "ratio", 1, beside_others),
    Bar("Run time in the interpreter: WasmKit's beside ours, least", "interpreters", "ratio", 1,
        least("WasmKit", "wasmaot interpreter"), less_is_better=False),

    Bar("Compiling at -O2 beside wasm2c + clang -O2: slowest module", "compile", "ratio", 1,
        worst(OWN, "wasm2c + clang -O2")),
    Bar("Compiling at -O2 beside wamrc: slowest module", "compile", "ratio", 1, worst(OWN, "WAMR AOT")),
    Bar("Compiling at -O0 beside wasmtime: slowest module", "compile", "ratio", 2, worst("wasmaot -O0", "wasmtime")),
    Bar("Compiling at -O2 uses all cores: CPU time for each core's second", "compile-parts", "ratio", 0.8,
        greatest(CORES, choose=min), less_is_better=False),
    Bar("Memory of compiling at -O2, beside 12 × module + 150 MB", "compile-memory", "ratio", 1, memory),
    Bar("Memory of compiling 26 MB at -O2, beside 12 × module + 150 MB", "compile-large-memory", "ratio", 1, memory),
    Bar("Compiling 26 MB at -O2", "compile-large", "s", 600, greatest(OWN)),
    Bar("Compiling 26 MB at -O2: the part of one function, at most", "compile-large-parts", "ratio", 0.1,
        greatest(SLOWEST)),

    Bar("Building again, unchanged", "rebuild", "s", 0.03, greatest("unchanged")),
    Bar("Building again, one function changed, beside all of it", "rebuild", "ratio", 0.2,
        worst("one function changed", own=["one function changed", "full"])),

    Bar("Machine code at -O2 beside native code's: mean", "text-size", "ratio", 1.3, mean("app")),
    Bar("Machine code at -Oz beside that of wasm2c + clang -Oz: mean", "text-size-oz", "ratio", 1, mean("wasmaot -Oz")),
    Bar("Size of hello world", "size", "bytes", 40_000, one("hello", "app")),

    Bar("Start of hello world without the sandbox, beside an empty C program", "start", "ratio", 1.25,
        one("hello world", "app, --sandbox=off", "empty static C program")),
    Bar("What the sandbox adds to the start of hello world", "start-sandbox", "s", 30e-6, one("hello world", "added")),
    Bar("What the sandbox adds to a start with a granted directory", "start-sandbox", "s", 30e-6,
        one("opens a file of a granted directory", "added")),
    Bar("Start of a module of 4.4 MB in the interpreter", "interpreter-start", "s", 0.15,
        greatest("wasmaot interpreter")),
    Bar("Instantiation of an empty module", "instantiate", "s", 1.1e-6, one("empty", "wasmaot")),
    Bar("Instantiation with 1 MiB of data", "instantiate", "s", 0.9e-6, one("1 MiB of data", "wasmaot")),
    Bar("Instantiation and drop with 1 MiB of data", "instantiate-drop", "s", 2.6e-6, one("1 MiB of data", "wasmaot")),
    Bar("Instantiation and drop, 16 pages touched, beside wasmtime", "instantiate-drop", "ratio", 0.7,
        one("start function that touches 16 pages", "wasmaot", "wasmtime")),

    Bar("Copies and fills of memory, beside wasmtime: mean", "bulk", "ratio", 1, mean("wasmaot -O2", "wasmtime")),
    Bar("A throw, for each frame that it leaves", "exceptions", "s", 100e-9, one("throw, a frame", "wasmaot")),
    Bar("A program that may take 100 ms", "timeout", "s", 0.12, greatest("guard", "explicit")),
]


def bars(sections):
    """The bars of results, from their sections."""
    by_name = {section["name"]: section for section in sections}
    return [bar.json(by_name) for bar in BARS]
