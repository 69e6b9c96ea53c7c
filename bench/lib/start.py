"""What a program costs before it does anything: from spawn to exit, and bytes."""

import os
import pathlib
import platform

from . import engines
from .commands import BENCH, BUILD, CLANG, PROGRAMS, TOOLS, Failure, measure, run
from .results import Section

# Opens a file, and is granted its directory.
PATHS = """(module (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 16) "f")
  (func (export "_start")
    (drop (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))))
"""


def static_program(source, name):
    """A C program as apps are linked: static, with the same C library."""
    output, libraries = BUILD / name, pathlib.Path(f"/usr/lib/{platform.machine()}-linux-musl")
    if not libraries.is_dir():
        run(CLANG, "-Os", "-static", source, "-o", output)
        return output
    includes = pathlib.Path(f"/usr/include/{platform.machine()}-linux-musl")
    # wasm-ld's clang has no musl of its own: its headers, and nothing else's.
    run(CLANG, "-Os", "-fPIE", "-nostdinc", "-isystem", includes, "-c", source, "-o", output.with_suffix(".o"))
    run("ld.lld-19", "-static", "-pie", "--no-dynamic-linker", "-z", "now", "--gc-sections", "-s",
        libraries / "rcrt1.o", libraries / "crti.o", output.with_suffix(".o"), libraries / "libc.a",
        libraries / "crtn.o", "-o", output)
    return output


def empty_program():
    source = BUILD / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    return static_program(source, "empty-static")


def spawned(programs, runs):
    """Median, tenth and ninetieth percentile in seconds of alternating runs."""
    spawn = BUILD / "spawn"
    run(CLANG, "-O2", BENCH / "spawn.c", "-o", spawn)
    command = [spawn, runs]
    for index, arguments in enumerate(programs):
        command += (["--"] if index else []) + arguments
    return [tuple(int(number) / 1e9 for number in line.split()) for line in run(*command).splitlines()]


def start(context):
    empty, hello = context.empty(), context.compiled("hello")
    # The second wall: without a directory a filter of system calls, with one Landlock, too. hello world opens no
    # paths, and would need no Landlock.
    paths, granted = context.parsed("paths", PATHS), BUILD / "granted"
    granted.mkdir(exist_ok=True)
    (granted / "f").write_text("")
    grant = ["--dir", f"{granted}::/"]

    def walled(module, name, mode, *options):
        return [context.app(module, f"{name}-{mode}", f"--sandbox={mode}", *options)]

    def wasmtime(module):
        return [TOOLS / "wasmtime", "run", "--allow-precompiled", context.precompiled(module)]

    programs = {
        ("empty", "app"): walled(empty, "empty-app", "auto"),
        ("empty", "app, --sandbox=off"): walled(empty, "empty-app", "off"),
        ("empty", "wasmtime"): wasmtime(empty),
        ("hello world", "app"): walled(hello, "hello-app", "auto"),
        ("hello world", "app, --sandbox=off"): walled(hello, "hello-app", "off"),
        ("hello world", "wasmtime"): wasmtime(hello),
        ("opens a file of a granted directory", "app"): walled(paths, "paths-app", "auto", *grant),
        ("opens a file of a granted directory", "app, --sandbox=off"): walled(paths, "paths-app", "off", *grant),
    }
    base, *figures = spawned([[empty_program()], *programs.values()], context.starts)
    section = Section(
        "start", "From spawn to exit", "s",
        f"From posix_spawn to the end of waitpid, alternating, the median of {context.starts} starts, the least "
        "and the greatest, beside an empty static C program with the same C library. wasmtime's modules are "
        "precompiled.", ["empty static C program", "app", "app, --sandbox=off", "wasmtime"],
        baseline="empty static C program")
    rows = {}
    for (name, column), measured in zip(programs, figures):
        if name not in rows:
            rows[name] = section.row(name)
            rows[name].measured(section.baseline, *base, context.starts)
        rows[name].measured(column, *measured, context.starts)
    return [section, start_of_engines(context, hello)]


def start_of_engines(context, hello):
    """The same for all that can run hello world: compiled in advance where an engine does that."""
    section = Section(
        "start-engines", "Hello world in all engines, from spawn to exit", "s",
        "From posix_spawn to the end of waitpid, alternating, the median; where an engine compiles in advance, that is "
        "done.", ["time"])
    commands = {}
    for interprets in (False, True):
        for engine in engines.chosen(context, interprets):
            if engine.name in ("native", "wasmaot -O3", "wasm2c + clang -O3"):
                continue
            try:
                output = BUILD / ("hello-" + "".join(c if c.isalnum() else "-" for c in engine.name))
                commands[engine.name] = engine.prepare(engine, context, None, hello, output)
                if measure(commands[engine.name]).output != "hello, world\n":
                    raise Failure("it does not say hello")
            except Failure as failure:
                commands.pop(engine.name, None)
                section.row(engine.name).lose("time", failure)
    # They take milliseconds.
    runs = max(5, context.starts // 10)
    for name, figures in zip(commands, spawned(commands.values(), runs)):
        section.row(name).measured("time", *figures, runs)
    return section


def size(context):
    section = Section(
        "size", "Size of apps", "bytes", "Apps at -O2 beside their modules, and beside the same source natively where "
        "that is a file of its own: static, stripped, with musl.", ["module", "app", "native"])
    modules = [("empty", context.empty()), ("hello", context.compiled("hello")), ("format", context.compiled("format"))]
    modules += [(name, PROGRAMS / f"{name}.wasm") for name in ("lua", "sqlite3")
                if (PROGRAMS / f"{name}.wasm").exists()]
    for name, module in modules:
        row = section.row(name)
        row.add("module", module.stat().st_size)
        row.add("app", os.stat(context.app(module, f"{name}-size")).st_size)
        if name == "empty":
            row.add("native", empty_program().stat().st_size)
        elif (BENCH / f"{name}.c").exists():
            row.add("native", static_program(BENCH / f"{name}.c", f"{name}-static").stat().st_size)
    return [section]
