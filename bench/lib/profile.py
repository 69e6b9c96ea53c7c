"""What a profile is worth: real programs, built by what another script of theirs counted, beside the same without."""

import os
import shutil

from .commands import BENCH, BUILD, PROGRAMS, ROOT, Failure, measure
from .results import Section
from .start import link_static, native_flags

SCRIPTS = BENCH / "profile"
PLAIN, COUNTING, PROFILED = "wasmaot -O2", "wasmaot, counting", "wasmaot, profiled"
# The programs, and their arguments for a script.
PROGRAMS_AND_ARGUMENTS = {
    "lua": ("lua", lambda script: [script]),
    "mujs": ("js", lambda script: [script]),
    "sqlite3": ("sql", lambda script: [":memory:", f".read {script}"]),
}


def profile(context):
    times = Section(
        "profile", "Programs built by a profile", "s",
        "Interpreters and a database run a script of bench/profile; the shortest of some runs, which take turns. The "
        "profile is of another script (NAME-train). Natively: the same source by clang -O2, without a profile, static; "
        "with musl, where that is installed, and its allocator.",
        ["native", PLAIN, PROFILED, COUNTING], baseline=PLAIN, geomean=True)
    sizes = Section("profile-size", "Size of programs built by a profile", "bytes", "The whole file.",
                    [PLAIN, PROFILED, COUNTING], baseline=PLAIN, geomean=True)
    for name, (kind, arguments) in PROGRAMS_AND_ARGUMENTS.items():
        module = PROGRAMS / f"{name}.wasm"
        if not module.exists():
            continue
        row, size_row = times.row(name), sizes.row(name)
        context.progress(f"profile: {name}")
        try:
            built = programs(context, name, module, arguments(SCRIPTS / f"{name}-train.{kind}"))
            for column in sizes.columns:
                size_row.add(column, os.path.getsize(built[column]))
            run = arguments(SCRIPTS / f"{name}.{kind}")
            outputs = {column: [] for column in built}
            for _ in range(5 * context.rounds):
                for column, program in built.items():
                    outputs[column].append(measure([program, *run]))
            for column, measured in outputs.items():
                # (The native one may tell more: where it is a terminal's, what its system has.)
                if column != "native" and measured[0].output != outputs[PLAIN][0].output:
                    row.lose(column, "another output")
                else:
                    row.add(column, min(run.seconds for run in measured))
        except Failure as failure:
            row.lose(PROFILED, failure)
    context.progress(None)
    if not times.rows:
        raise Failure("no programs to compile: run scripts/programs")
    return [times, sizes]


def programs(context, name, module, training):
    """By column: without a profile, counting, and by what a run with these arguments counted."""
    counts = BUILD / f"{name}.profile"
    counts.unlink(missing_ok=True)
    grant = f"--dir={SCRIPTS}:ro"
    built = {PLAIN: context.app(module, f"{name}-plain", "-O2", grant),
             COUNTING: context.app(module, f"{name}-counting", "-O2", grant, f"--profile-generate={counts}")}
    measure([built[COUNTING], *training])
    built[PROFILED] = context.app(module, f"{name}-profiled", "-O2", grant, f"--profile-use={counts}")
    folder = BUILD / f"profile-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    measure([ROOT / "scripts" / "programs", "--native", name, folder, *native_flags(), "-march=x86-64-v2"], limit=900)
    return {"native": link_static(sorted(folder.glob("*.o")), folder / name), **built}
