"""What exceptions cost."""

import re

from .commands import BENCH, TOOLS
from .context import shortest
from .results import Section


def filled(template, **values):
    """A text of bench/ with its capital words replaced."""
    text = (BENCH / template).read_text()
    for key, value in values.items():
        text = re.sub(rf"\b{key}\b", str(value), text)
    return text


def exceptions(context):
    count, deep = 200_000, 100
    engines = ["wasmaot", "wasmtime"]

    def programs(name, template, **values):
        module = context.parsed(name, filled(template, **values))
        reference = context.precompiled(module, "-W", "exceptions=y")
        return {"wasmaot": [context.app(module, f"{name}-app", "-O2")],
                "wasmtime": [TOOLS / "wasmtime", "run", "-W", "exceptions=y", "--allow-precompiled", reference]}

    costs = Section(
        "exceptions", "Exceptions", "s", "Per frame: the shortest time of programs with 100 frames between throw and "
        "catch, less that of programs with none. Beside it the same with a return.", engines, baseline="wasmaot")
    for name, end in (("throw", "(throw $error (i32.const 7))"), ("return", "(return (i32.const 7))")):
        flat = programs(f"{name}-flat", "exceptions.wat", DEPTH=0, COUNT=count, END=end)
        far = programs(f"{name}-deep", "exceptions.wat", DEPTH=deep, COUNT=count, END=end)
        row = costs.row(f"{name}, a frame")
        for engine in engines:
            row.add(engine, (shortest(far[engine]) - shortest(flat[engine])) / (count * deep))
    # From start to end: a million are enough for that not to matter.
    near = programs("throw-near", "exceptions.wat", DEPTH=1, COUNT=5 * count, END="(throw $error (i32.const 7))")
    row = costs.row("throw and catch")
    for engine, command in near.items():
        row.add(engine, shortest(command) / (5 * count))

    tests = Section(
        "exceptions-calls", "Calls that may throw", "ratio", "A program of nothing but calls, whose error is a throw; "
        "beside it the same whose error is a trap.", engines)
    tested = programs("calls-tested", "calls.wat", ERROR="(throw $error)")
    plain = programs("calls-plain", "calls.wat", ERROR="(unreachable)")
    row = tests.row("calls that may throw / calls that can't")
    for engine in engines:
        row.add(engine, shortest(tested[engine]) / shortest(plain[engine]))
    return [costs, tests]
