"""What compiling real modules costs: time, memory, and how large the result is."""

import json
import os
import pathlib
import shutil

from .bars import CORES, OWN, SLOWEST
from .commands import BUILD, CLANG, OWN_PEAK, PROGRAMS, TOOLS, Failure, measure
from .engines import SEARCHED, wabt
from .results import Section

# Of 0.6, 1.6 and 4.4 MB.
MODULES = ["lua", "sqlite3", "resvg"]
# Of 26 MB: minutes for each compiler.
LARGE = ["avr_cc1plus", "cpython"]


def wasmaot(level):
    def job(context, module, output):
        return [context.wasmaot, "build", "--no-cache", "--json", level, module, "-o", output], [output]
    return job


def wasmtime(context, module, output):
    return [TOOLS / "wasmtime", "compile", "-W", "exceptions=y", module, "-o", output], [output]


def wamrc(context, module, output):
    return ["wamrc", "--target=x86_64", "--cpu=x86-64-v2", "-o", output, module], [output]


def wasm2c(context, module, output):
    """C in as many files as there are cores, or more, so that clang can use them all; not linked."""
    folder = output.with_suffix(".c")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    cores, parts = len(os.sched_getaffinity(0)), 4 * len(os.sched_getaffinity(0))
    sources = [f"module_{index}.c" for index in range(parts)]
    site = wabt()
    flags = f"-O2 -march=x86-64-v2 -w -I{site / 'wasm2c'} -I{site / 'include'}"
    (folder / "Makefile").write_text(
        f"all: {' '.join(source[:-2] + '.o' for source in sources)}\n%.o: %.c\n\t{CLANG} {flags} -c $< -o $@\n")
    command = (f"{TOOLS / 'wasm2c'} {module} -n bench --num-outputs={parts} -o {folder / 'module.c'} && "
               f"make -s -j{cores} -C {folder}")
    return ["sh", "-c", command], [folder / f"{source[:-2]}.o" for source in sources]


COMPILERS = {
    "wasmaot -O0": ("wasmaot", wasmaot("-O0")),
    "wasmaot -O2": ("wasmaot", wasmaot("-O2")),
    "wasmtime": ("wasmtime", wasmtime),
    "WAMR AOT": ("wamrc", wamrc),
    "wasm2c + clang -O2": ("wasm2c", wasm2c),
}


def here(needs):
    return needs == "wasmaot" or shutil.which(needs, path=SEARCHED) is not None


def measured(context, prefix, modules, limit):
    compilers = {name: job for name, (needs, job) in COMPILERS.items()
                 if here(needs) and (not context.engines or any(e in name.lower() for e in context.engines))}
    rounds = max(1, context.rounds // 3)
    note = (f"The whole process, on all cores, from an empty cache, {rounds} time(s); wasm2c's C is compiled in "
            f"{4 * len(os.sched_getaffinity(0))} files, not linked. At most {limit} s.")
    columns = list(compilers)
    time = Section(prefix, "Compile time", "s", note, columns)
    memory = Section(f"{prefix}-memory", "Peak memory of compiling", "bytes",
                     f"Of the same runs, of the largest process (clang has several at a time). {OWN_PEAK}", ["module", *columns])
    size = Section(f"{prefix}-size", "Size of what is compiled", "bytes",
                   "Of the same runs: an app, with the runtime, of wasmaot; what needs its engine, of others.",
                   ["module", *columns])
    parts = Section(f"{prefix}-parts", "How a build is spread", "ratio",
                    f"Of the same runs of {OWN}: CPU time for each second of each core, and the part of the time from start to "
                    "end that its slowest unit of code took. No function takes longer than the unit that it is in.",
                    [CORES, SLOWEST])
    sections = [time, memory, size]
    for name in modules:
        module = PROGRAMS / f"{name}.wasm"
        if not module.exists():
            continue
        bytes_ = module.stat().st_size
        rows = [section.row(name if section is not time else f"{name}, {bytes_ / 1e6:.1f} MB") for section in sections]
        for row in rows[1:]:
            row.add("module", bytes_)
        spread = parts.row(name)
        for _ in range(rounds):
            for column, job in compilers.items():
                if column in rows[0].missing:
                    continue
                context.progress(f"{prefix}: {name}: {column}")
                try:
                    output = BUILD / f"compile-{name}-{column.replace(' ', '')}"
                    command, results = job(context, module, output)
                    done = measure(command, limit=limit)
                    written = sum(pathlib.Path(path).stat().st_size for path in results)
                    for row, figure in zip(rows, (done.seconds, done.peak_bytes, written)):
                        row.add(column, figure)
                    if column == OWN:
                        report = json.loads(done.output)
                        spread.add(CORES, done.cpu_seconds / done.seconds / len(os.sched_getaffinity(0)))
                        spread.add(SLOWEST, report["slowestUnit"]["seconds"] / report["seconds"])
                except Failure as failure:
                    for row in rows:
                        row.lose(column, failure)
    context.progress(None)
    if not time.rows:
        raise Failure("no module to compile: run scripts/programs")
    return [*sections, parts] if OWN in compilers else sections


def compiling(context):
    return measured(context, "compile", MODULES, context.limit)


def large(context):
    return measured(context, "compile-large", LARGE, 10 * context.limit)


def interpreter_start(context):
    """The interpreter compiles at the first call: how long a large module takes to say its version."""
    section = Section("interpreter-start", "Start of a large module in the interpreter", "s",
                      "resvg --version, from spawn to exit, ten times.", ["wasmaot interpreter"])
    module = PROGRAMS / "resvg.wasm"
    if module.exists():
        row = section.row(f"resvg, {module.stat().st_size / 1e6:.1f} MB")
        for _ in range(10):
            row.add("wasmaot interpreter",
                    measure([context.wasmaot, "run", "--interpret", module, "--version"]).seconds)
    return [section]
