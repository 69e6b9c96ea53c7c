"""How much machine code comes of a program: at -O2 beside the same source natively, at -Oz beside wasm2c.

Of real programs: in those of the suite the C library is many times the program, and main, which calls its kernel forty
times, may not inline it natively."""

import shutil

from .commands import BUILD, CLANG, PROGRAMS, ROOT, TOOLS, Failure, measure
from .elf import code_size
from .engines import wabt
from .results import Section
from .start import link_static, native_flags
from .suite import in_parallel

# Those that scripts/programs compiles natively, too.
NATIVE_PROGRAMS = ["lua", "mujs", "sqlite3"]
WASM2C_MODULES = ["lua", "sqlite3", "resvg"]
GUEST_SECTION = "wasmaot_text"


def text_size(context):
    sections = [at_o2(context), at_oz(context)]
    if not all(section.rows for section in sections):
        raise Failure("no programs to compile: run scripts/programs")
    return sections


def at_o2(context):
    section = Section(
        "text-size", "Machine code of programs", "bytes",
        "All that can be executed in a file. Natively: the same C source by clang -O2, static, with musl where that is "
        "installed. An app: what is compiled from the module, its libc included, and the runtime; and without the "
        "runtime.", ["native", "app", "app, compiled code"], baseline="native", geomean=True)
    for name in NATIVE_PROGRAMS:
        module, folder = PROGRAMS / f"{name}.wasm", BUILD / f"text-{name}"
        if not module.exists():
            continue
        row = section.row(name)
        context.progress(f"text-size: {name}")
        try:
            shutil.rmtree(folder, ignore_errors=True)
            measure([ROOT / "scripts" / "programs", "--native", name, folder, *native_flags(), "-march=x86-64-v2"],
                    limit=900)
            row.add("native", code_size(link_static(sorted(folder.glob("*.o")), folder / name)))
            app = context.app(module, f"{name}-text", "-O2")
            row.add("app", code_size(app))
            row.add("app, compiled code", code_size(app, GUEST_SECTION))
        except Failure as failure:
            row.lose("app", failure)
    context.progress(None)
    return section


def at_oz(context):
    section = Section(
        "text-size-oz", "Machine code of modules at -Oz", "bytes",
        "All that is compiled from the module, and no runtime: wasm2c's C, in eight files, by clang -Oz, not linked; in "
        "an app the section wasmaot_text.", ["wasm2c + clang -Oz", "wasmaot -Oz"],
        baseline="wasm2c + clang -Oz", geomean=True)
    for name in WASM2C_MODULES:
        module = PROGRAMS / f"{name}.wasm"
        if not module.exists():
            continue
        row = section.row(name)
        context.progress(f"text-size-oz: {name}")
        try:
            row.add("wasmaot -Oz", code_size(context.app(module, f"{name}-oz", "-Oz"), GUEST_SECTION))
            row.add(section.baseline, sum(wasm2c_objects(module, BUILD / f"text-{name}-wasm2c")))
        except Failure as failure:
            row.lose(section.baseline, failure)
    context.progress(None)
    return section


def wasm2c_objects(module, folder):
    """The code in each of them."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    measure([TOOLS / "wasm2c", module, "-n", "bench", "--num-outputs=8", "-o", folder / "module.c"])
    site = wabt()

    def compiled(source):
        output = source.with_suffix(".o")
        measure([CLANG, "-Oz", "-march=x86-64-v2", "-w", f"-I{site / 'wasm2c'}", f"-I{site / 'include'}", "-c", source,
                 "-o", output], limit=900)
        return code_size(output)

    sizes = in_parallel([lambda source=source: compiled(source) for source in sorted(folder.glob("*.c"))])
    for size in sizes:
        if isinstance(size, Failure):
            raise size
    return sizes
