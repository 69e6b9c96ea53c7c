"""Instances of a module inside a host."""

from .commands import BENCH, BUILD, CLANG, ROOT, run
from .results import Section

# Published figures of wasmtime's pooling allocator (its bench/instantiation.rs, on its authors' machine): only to be
# compared where wasmtime itself can't run.
PUBLISHED = "microseconds: 1.1 empty, 0.9 with 1 MiB of data, 2.6 with drop, 31 to 36 with start and 16 pages"
TOUCH = "".join(f"(i32.store8 (i32.const {page * 4096}) (i32.const 1))" for page in range(16))
MODULES = {
    "empty": "(module)",
    "data": f'(module (memory 17) (data (i32.const 1024) "{"x" * (1 << 20)}"))',
    "start": f'(module (memory 17) (data (i32.const 1024) "x") (func $start {TOUCH}) (start $start))',
}
TITLES = {"empty": "empty", "data": "1 MiB of data", "start": "start function that touches 16 pages"}


def instantiate(context):
    """A store and an instance, made and dropped, 100 at a time."""
    paths = []
    for name, text in MODULES.items():
        module = context.parsed(f"instantiate_{name}", text)
        run(context.wasmaot, "build", "--no-cache", "--emit=shared", module, "-o", module.with_suffix(".so"))
        paths.append(module.with_suffix(""))
    run("make", "-C", ROOT, "embedded")
    program = BUILD / "instantiate"
    run(CLANG, "-std=c11", "-D_GNU_SOURCE", "-O2", BENCH / "instantiate.c",
        ROOT / "runtime-c" / "build" / "embedded" / "libwasmaot.a", "-pthread", "-ldl", "-o", program)
    library = next((ROOT / "third_party" / "venv").glob("lib/python*/site-packages/wasmtime/*/_libwasmtime.so"), None)
    note = "A store and an instance in a host, 100 at a time, the median; wasmtime with its pooling allocator."
    if library is None:
        note += f" No wasmtime library here (scripts/setup --test): it published {PUBLISHED}."
    sections = [Section(name, title, "s", note, ["wasmaot", "wasmtime"], baseline="wasmaot")
                for name, title in (("instantiate", "Instantiation"), ("instantiate-drop", "Instantiation and drop"))]
    rows = {}
    for line in run(program, library or "-", *paths).splitlines():
        module, engine, create, both = line.split("\t")
        title = TITLES[module.removeprefix("instantiate_")]
        if title not in rows:
            rows[title] = [section.row(title) for section in sections]
        for row, nanoseconds in zip(rows[title], (create, both)):
            row.add("wasmaot" if engine == "wasmaot" else "wasmtime", float(nanoseconds) / 1e9)
    return sections
