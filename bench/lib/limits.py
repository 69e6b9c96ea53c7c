"""What limits and checks cost: the kernels with them, beside the same without."""

import subprocess
import time

from .commands import TOOLS, Failure
from .results import Section
from .suite import KERNELS, Program, answer

NOTE = "Alternating runs, each the shortest of its own three."


def alternating(context, section, name, commands):
    """One row: the same module in several ways, whose checksums must agree."""
    row, expected = section.row(name), None
    for _ in range(context.rounds):
        for column, command in commands.items():
            try:
                checksum, seconds = answer(command, name, 3)
            except Failure as failure:
                raise Failure(f"{name}: {column}: {failure}") from None
            expected = expected or checksum
            if checksum != expected:
                raise Failure(f"{name}: {column}: checksum {checksum}, not {expected}")
            row.add(column, seconds)


def bounds(context):
    """Beside guard pages, for arrays that are static data and for arrays from malloc."""
    variants = {"guard": [], "explicit": ["--bounds-checks=explicit"],
                "masked": ["--bounds-checks=explicit", "--spectre-mitigation"]}
    sections = []
    for place, defines in (("static", ()), ("heap", ("-DHEAP",))):
        arrays = "arrays from malloc" if place == "heap" else "static arrays"
        section = Section(
            f"bounds-{place}", f"Bounds checks, {arrays}", "s",
            f"Guard pages, explicit checks, and those with masks against Spectre. {NOTE}", list(variants),
            baseline="guard", geomean=True)
        sections.append(section)
        for kernel in KERNELS:
            module = Program(kernel, defines).module()
            alternating(context, section, kernel,
                        {name: [context.app(module, f"{kernel}-{place}-{name}", *options)]
                         for name, options in variants.items()})
    return sections


def limits(context):
    ours = {"none": [], "timeout": ["--timeout=1h"], "memory": ["--max-memory=3G"], "fuel": ["--count-fuel"],
            "explicit": ["--bounds-checks=explicit"], "fuel, explicit": ["--bounds-checks=explicit", "--count-fuel"]}
    theirs = {"none": [], "fuel": ["-W", f"fuel={1 << 62}"], "epoch": ["-W", "timeout=3600s"]}
    mine = Section("limits", "Limits", "s", f"The same without a limit is 1. {NOTE}", list(ours), baseline="none",
                   geomean=True)
    other = Section("limits-wasmtime", "Limits of wasmtime", "s", f"Beside its own code without. {NOTE}", list(theirs),
                    baseline="none", geomean=True)
    for kernel in [*KERNELS, "fib"]:
        module = Program(kernel).module()
        alternating(context, mine, kernel, {name: [context.app(module, f"{kernel}-{name.replace(', ', '-')}", *options)]
                                            for name, options in ours.items()})
        alternating(context, other, kernel, {name: [TOOLS / "wasmtime", "run", *options, module]
                                             for name, options in theirs.items()})
    return [mine, other]


def timeout(context):
    """From the start to the end of a loop without calls that may take 100 ms."""
    section = Section("timeout", "A program that may take 100 ms", "s", "From spawn to exit, of a loop without calls.",
                      ["guard", "explicit"])
    row = section.row("endless loop")
    module = context.parsed("for-ever", '(module (func (export "_start") (loop (br 0))))\n')
    for checks in section.columns:
        app = context.app(module, f"for-ever-{checks}", "--timeout=100ms", f"--bounds-checks={checks}")
        for _ in range(50):
            start = time.monotonic()
            try:
                done = subprocess.run([app], capture_output=True, check=False, timeout=60)
            except subprocess.TimeoutExpired:
                raise Failure("a program that may take 100 ms was not done after 60 s") from None
            row.add(checks, time.monotonic() - start)
            if done.returncode != 134:
                raise Failure(f"a timeout ended with {done.returncode}: {done.stderr.decode()}")
    return [section]
