"""What a program costs before it does anything: from spawn to exit, and bytes."""

import os
import pathlib
import platform

from . import engines
from .commands import BENCH, BUILD, CLANG, PROGRAMS, Failure, measure, run
from .results import Section

# Opens a file, and is granted its directory.
PATHS = """(module (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 16) "f")
  (func (export "_start")
    (drop (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0)))))
"""


MUSL = pathlib.Path(f"/usr/lib/{platform.machine()}-linux-musl")
MUSL_HEADERS = pathlib.Path(f"/usr/include/{platform.machine()}-linux-musl")


def native_flags():
    """For objects that link_static takes. wasm-ld's clang has no musl of its own: its headers, and nothing else's."""
    own = ["-nostdinc", "-isystem", MUSL_HEADERS] if MUSL.is_dir() else []
    return ["-fPIE", "-ffunction-sections", "-fdata-sections", *own]


def link_static(objects, output):
    """A native program as apps are linked: static, with the same C library."""
    if not MUSL.is_dir():
        run(CLANG, "-static-pie", "-Wl,--gc-sections", *objects, "-lm", "-o", output)
        return output
    # What compilers expect beside a C library (wide multiplication, ...).
    builtins = run(CLANG, "--print-libgcc-file-name").strip()
    run("ld.lld-19", "-static", "-pie", "--no-dynamic-linker", "-z", "now", "--gc-sections", "-s",
        MUSL / "rcrt1.o", MUSL / "crti.o", *objects, MUSL / "libc.a", builtins, MUSL / "crtn.o", "-o", output)
    return output


def static_program(source, name):
    output = BUILD / name
    run(CLANG, "-Os", *native_flags(), "-c", source, "-o", output.with_suffix(".o"))
    return link_static([output.with_suffix(".o")], output)


def empty_program():
    source = BUILD / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    return static_program(source, "empty-static")


def spawned(programs, runs):
    """Median, least and greatest time in seconds of runs in which all take turns."""
    spawn = BUILD / "spawn"
    run(CLANG, "-O2", BENCH / "spawn.c", "-o", spawn)
    command = [spawn, runs]
    for index, arguments in enumerate(programs):
        command += (["--"] if index else []) + arguments
    return [tuple(int(number) / 1e9 for number in line.split()) for line in run(*command).splitlines()]


OFF = "app, --sandbox=off"
EMPTY_PROGRAM = "empty static C program"
# What the second wall can't cost less than, whatever is in its filter.
FILTER_PROGRAM = "static C program, a filter of one instruction"


def start(context):
    """Small programs alone: what others leave of the caches is start_of_engines' business."""
    empty, hello = context.empty(), context.compiled("hello")
    # The second wall: without a directory a filter of system calls, with one Landlock, too. hello world opens no
    # paths, and would need no Landlock.
    paths, granted = context.parsed("paths", PATHS), BUILD / "granted"
    granted.mkdir(exist_ok=True)
    (granted / "f").write_text("")
    grant = ["--dir", f"{granted}::/"]

    def walled(module, name, mode, *options):
        return [context.app(module, f"{name}-{mode}", f"--sandbox={mode}", *options)]

    programs = {(FILTER_PROGRAM, "app"): [static_program(BENCH / "filter.c", "filter-static")]}
    for name, module, app, options in (("empty", empty, "empty-app", []), ("hello world", hello, "hello-app", []),
                                       ("opens a file of a granted directory", paths, "paths-app", grant)):
        programs[name, "app"] = walled(module, app, "auto", *options)
        programs[name, OFF] = walled(module, app, "off", *options)
    base, *figures = spawned([[empty_program()], *programs.values()], context.starts)
    return sections_of_starts(base, dict(zip(programs, figures)), context.starts)


def sections_of_starts(base, figures, runs):
    """Of what was measured: the empty C program, and by name and column the others."""
    section = Section(
        "start", "From spawn to exit", "s",
        f"From posix_spawn to the end of waitpid, taking turns in another order each time, the median of {runs} starts, "
        "the least and the greatest, beside an empty static C program with the same C library. Nothing else runs in "
        "between, so that caches are warm.", [EMPTY_PROGRAM, "app", OFF], baseline=EMPTY_PROGRAM)
    wall = Section(
        "start-sandbox", "What the second wall adds from spawn to exit", "s",
        "Differences of the medians of the same starts, with and without the wall; for the C program, to the empty one: "
        "so much the kernel takes to install any filter, and to free it.", ["added"])
    rows = {}
    for (name, column), measured in figures.items():
        if name not in rows:
            rows[name] = section.row(name)
            rows[name].measured(EMPTY_PROGRAM, *base, runs)
        rows[name].measured(column, *measured, runs)
    for name, row in rows.items():
        without = row.median(OFF) if name != FILTER_PROGRAM else row.median(EMPTY_PROGRAM)
        wall.row(name).add("added", row.median("app") - without)
    return [section, wall]


def start_of_engines(context):
    """The same for all that can run hello world: compiled in advance where an engine does that."""
    hello = context.compiled("hello")
    section = Section(
        "start-engines", "Hello world in all engines, from spawn to exit", "s",
        "From posix_spawn to the end of waitpid, taking turns in another order each time, the median; where an engine "
        "compiles in advance, that is done. Large programs run between small ones, and leave them cold caches.",
        ["time"])
    commands = {EMPTY_PROGRAM: [empty_program()],
                FILTER_PROGRAM: [static_program(BENCH / "filter.c", "filter-static")],
                "wasmaot -O2, --sandbox=off": [context.app(hello, "hello-app-off", "--sandbox=off")]}
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
    return [section]


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
