"""Programs whose instructions are counted in CI, and how many they were.

bench/pinned has them as modules, so that wasmaot is given the same whichever clang is installed, and counts.json: which
clang made the modules, and what their kernels take at -O2, for each major version of LLVM, as these make different code.
docs/testing.md says how to read and write it."""

import json
import re
from dataclasses import dataclass

from . import engines
from .commands import BENCH, BUILD, CLANG, TO_WASM, Failure, measure, run
from .counter import Counter, Skipped
from .results import Section, write
from .suite import SIMD, Program, in_parallel

FOLDER = BENCH / "pinned"
# What a kernel may take more than it did. As much less is said, so that it becomes what the next is compared with.
TOLERANCE = 0.03
OPTIMISED = next(engine for engine in engines.ENGINES if engine.name == "wasmaot -O2")
# Engines that make programs of their own: of others all that they do would count, too.
COUNTED = ["native", OPTIMISED.name, "wasm2c + clang -O2"]

SCALAR = ["atax", "blur", "bytecode", "chacha", "cholesky", "fft", "fir", "floyd", "gemm", "hash", "heat3d", "indirect",
          "jacobi", "json", "lu", "lz", "random", "saxpy", "sha256", "sort", "tree"]
VECTOR = ["blur", "chacha", "fir", "gemm", "lz", "saxpy", "sha256"]


@dataclass(frozen=True)
class Pin:
    program: Program
    flags: tuple = ()

    @property
    def name(self):
        return self.program.name + ("-simd" if self.flags else "")

    @property
    def module(self):
        return FOLDER / f"{self.name}.wasm"

    def compile(self, folder):
        output = folder / self.module.name
        measure([*TO_WASM, "-std=c11", "-O3", "-s", *self.flags, *self.program.defines, self.program.source, "-o",
                 output])
        return output.read_bytes()

    def count(self, context, count, engine):
        """The checksum, and the instructions of its kernel."""
        output = BUILD / f"{self.name}-counted-{re.sub('[^A-Za-z0-9]+', '-', engine.name)}"
        return count(engine.prepare(engine, context, self.program, self.module, output))


PINS = [Pin(Program(name, ("-DPINNED",)), flags)
        for names, flags in ((SCALAR, ()), (VECTOR, tuple(SIMD))) for name in names]


def of_each(function, items):
    """By item, what a function returned, or the Failure that it raised."""
    return dict(zip(items, in_parallel([lambda item=item: function(*item) for item in items])))


def instructions(context):
    """A section for reports: beside native code, and what wasm2c makes."""
    try:
        count = Counter()
    except Skipped as skipped:
        raise Failure(skipped) from None
    used = [engine for engine in engines.chosen(context, interprets=False) if engine.name in COUNTED]
    pins = [pin for pin in PINS if not context.programs or pin.program.name in context.programs]
    section = Section(
        "instructions", "Instructions of small kernels", "instructions",
        "What a kernel executes, counted one by one, with problems so small that this takes seconds. The modules are those "
        "of bench/pinned, native code is made of the same sources.", [engine.name for engine in used],
        baseline="native", geomean=True)
    outcomes = of_each(lambda pin, engine: pin.count(context, count, engine),
                       [(pin, engine) for pin in pins for engine in used])
    for pin in pins:
        row, expected = section.row(pin.name), None
        for engine in used:
            outcome = outcomes[pin, engine]
            if isinstance(outcome, Failure):
                row.lose(engine.name, outcome)
                continue
            checksum, taken = outcome
            expected = expected or checksum
            if checksum == expected:
                row.add(engine.name, taken)
            else:
                context.error(f"instructions: {pin.name}: {engine.name}: checksum {checksum}, not {expected}")
                row.lose(engine.name, f"checksum {checksum}, not {expected}")
    return [section]


# MARK: What is known

def known():
    path = FOLDER / "counts.json"
    return json.loads(path.read_text()) if path.exists() else {"clang": None, "llvm": {}}


def clang_version():
    return run(CLANG, "--version").splitlines()[0]


def llvm_version(context):
    """All of it, and the major version."""
    found = re.search(r"LLVM ((\d+)[.\d]*)", run(context.wasmaot, "--version"))
    if not found:
        raise Failure(f"{context.wasmaot} --version does not say which LLVM it has")
    return found[1], found[2]


def counts(context, count):
    """By name, the instructions at -O2, or the Failure."""
    def taken(pin):
        checksum, instructions_ = pin.count(context, count, OPTIMISED)
        # Wrong code may well be short.
        expected = measure([context.wasmaot, "run", "--interpret", pin.module]).output.strip()
        if checksum != expected:
            raise Failure(f"checksum {checksum}, not {expected}")
        return instructions_
    return {pin.name: outcome for (pin,), outcome in of_each(taken, [(pin,) for pin in PINS]).items()}


# MARK: Checking

def verdict(name, taken, before):
    """A line about a count, and whether it is as it should be."""
    if isinstance(taken, Failure):
        return f"{name}: {taken}", False
    if before is None:
        return f"{name}: {taken} instructions, and nothing to compare them with (--bless)", False
    line = f"{name}: {taken} instructions, {taken / before - 1:+.1%}"
    if taken > before * (1 + TOLERANCE):
        return f"{line}: it took {before}. Find out why; if it is worth that: --bless", False
    if taken < before * (1 - TOLERANCE):
        return f"{line}: it took {before}. So that it stays so: --bless", True
    return line, True


def check_modules():
    """Lines, each with whether it passed; None: it could not be checked."""
    recorded, here = known()["clang"], clang_version()
    if recorded != here:
        return [(f"the modules are those of {recorded}, and are not compared with those of {here}", None)]
    folder = BUILD / "pinned"
    folder.mkdir(exist_ok=True)
    made = of_each(lambda pin: pin.compile(folder), [(pin,) for pin in PINS])
    lines = []
    for (pin,), contents in made.items():
        if isinstance(contents, Failure):
            lines.append((f"{pin.name}: {contents}", False))
        elif not pin.module.exists() or pin.module.read_bytes() != contents:
            lines.append((f"bench/pinned/{pin.module.name} is not what clang makes of {pin.program.source.name} (--modules)",
                          False))
    return lines or [("the modules are those of the sources", True)]


def check_counts(context, counter=Counter):
    version, major = llvm_version(context)
    before = known()["llvm"].get(major)
    if before is None:
        return [(f"there are no counts for LLVM {version} (--bless)", None)]
    try:
        count = counter()
    except Skipped as skipped:
        return [(str(skipped), None)]
    return [verdict(name, taken, before["counts"].get(name)) for name, taken in counts(context, count).items()]


# MARK: Blessing

def bless_modules():
    """Makes all modules anew. What the changed ones took is forgotten, with every LLVM."""
    recorded = known()
    FOLDER.mkdir(exist_ok=True)
    changed = []
    for pin in PINS:
        before = pin.module.read_bytes() if pin.module.exists() else None
        if pin.compile(FOLDER) != before:
            changed.append(pin.name)
    for path in FOLDER.glob("*.wasm"):
        if path.name not in [pin.module.name for pin in PINS]:
            path.unlink()
    for of_llvm in recorded["llvm"].values():
        of_llvm["counts"] = {name: taken for name, taken in of_llvm["counts"].items() if name not in changed}
    recorded["clang"] = clang_version()
    write(recorded, FOLDER / "counts.json")
    return changed


def bless_counts(context, counter=Counter):
    """Counts, and writes down what came out; lines about what has changed."""
    version, major = llvm_version(context)
    recorded = known()
    before = recorded["llvm"].get(major, {}).get("counts", {})
    taken = counts(context, counter())
    for name, outcome in taken.items():
        if isinstance(outcome, Failure):
            raise Failure(f"{name}: {outcome}")
    recorded["llvm"][major] = {"version": version, "counts": taken}
    write(recorded, FOLDER / "counts.json")
    return [f"{name}: {number} instructions, {before.get(name, 'nothing')} before" for name, number in taken.items()]
