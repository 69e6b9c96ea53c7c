"""Decoding and validating."""

import os

from .commands import PROGRAMS, TOOLS, Failure, measure
from .results import Section


def validate(context):
    section = Section(
        "validate", "Decoding and validating on one core", "MB/s",
        "The whole process, from start to end, pinned to one core: both can use more.",
        ["wasmaot", "wasm-tools"], baseline="wasmaot", less_is_better=False)
    pin = ["taskset", "-c", str(min(os.sched_getaffinity(0)))]
    commands = {"wasmaot": [*pin, context.wasmaot, "validate"], "wasm-tools": [*pin, TOOLS / "wasm-tools", "validate"]}
    for name in ("cpython", "svg_flatten", "resinator"):
        module = PROGRAMS / f"{name}.wasm"
        if not module.exists():
            continue
        module.read_bytes()
        row = section.row(name)
        for _ in range(5):
            for column, command in commands.items():
                row.add(column, module.stat().st_size / 1e6 / measure([*command, module]).seconds)
    if not section.rows:
        raise Failure("no module to validate: run scripts/programs")
    return [section]
