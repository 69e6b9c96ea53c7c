"""The programs of bench/suite with all engines: how they are built, run and compared."""

import concurrent.futures
import dataclasses
import os
import re
from dataclasses import dataclass

from . import engines
from .commands import BENCH, BUILD, TO_WASM, Failure, measure
from .results import Section

SUITE = BENCH / "suite"
# Kernels small enough to be looked at in every detail, which other benchmarks use too.
KERNELS = ["gemm", "blur", "fir", "saxpy", "jacobi", "chain"]
SIMD = ["-msimd128"]
# What newer clangs do unasked: memcpy is memory.copy.
BULK_MEMORY = "-mbulk-memory"
# What is measured is what they do; one that takes longer is broken.
LIMIT = 60


@dataclass(frozen=True)
class Program:
    name: str
    # For the preprocessor, natively and for WebAssembly.
    defines: tuple = ()

    @property
    def source(self):
        return SUITE / f"{self.name}.c"

    def module(self, *flags, level="-O3"):
        """Its module, in a file whose name says how it was made."""
        output = BUILD / (self.name + "".join(flags + self.defines) + level + ".wasm")
        measure([*TO_WASM, BULK_MEMORY, "-std=c11", level, *flags, *self.defines, self.source, "-o", output])
        return output


def programs(context=None, defines=()):
    names = sorted(path.stem for path in SUITE.glob("*.c"))
    if context and context.programs:
        names = [name for name in names if name in context.programs]
    return [Program(name, tuple(defines)) for name in names]


def answer(command, name, runs, limit=LIMIT):
    """The checksum and the seconds that a program prints."""
    printed = measure([*command, str(runs)], limit=limit).output.split()
    if len(printed) != 3 or printed[0] != name:
        raise Failure(f"it printed {' '.join(printed)[:100]!r}")
    try:
        return printed[1], float(printed[2])
    except ValueError:
        raise Failure(f"it printed {' '.join(printed)[:100]!r}") from None


def in_parallel(jobs):
    """What each function returns, or the Failure that it raised, in order."""
    def outcome(job):
        try:
            return job()
        except Failure as failure:
            return failure
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(outcome, jobs))


def prepared(context, section, programs, used, flags):
    """The commands of each program: (row, {engine's name: command}). What can't be compiled is a cell of its row."""
    def job(program, engine):
        safe = re.sub(r"[^A-Za-z0-9]+", "-", engine.name)
        output = BUILD / f"{program.name}{''.join(program.defines + tuple(flags))}-{section.name}-{safe}"
        return lambda: engine.prepare(engine, context, program, modules[program.name], output)

    made = in_parallel([lambda program=program: program.module(*flags) for program in programs])
    modules = dict(zip((program.name for program in programs), made))
    for name, module in modules.items():
        if isinstance(module, Failure):
            raise Failure(f"{name}: {module}")
    pairs = [(program, engine) for program in programs for engine in used]
    commands = dict(zip(((program.name, engine.name) for program, engine in pairs),
                        in_parallel([job(*pair) for pair in pairs])))
    result = []
    for program in programs:
        row, mine = section.row(program.name), {}
        for engine in used:
            command = commands[program.name, engine.name]
            if isinstance(command, Failure):
                row.lose(engine.name, command)
            else:
                mine[engine.name] = command
        result.append((row, mine))
    return result


def compare(context, section, programs, used, flags=(), limit=LIMIT):
    """Measures programs with engines, a round after the other: what the machine does meanwhile hits all alike. The
    first engine's checksum is the one that the others must have."""
    ready = prepared(context, section, programs, used, flags)
    expected = {}
    for number in range(context.rounds):
        for row, commands in ready:
            context.progress(f"{section.name}: round {number + 1}: {row.name}")
            # The native program first, as its checksum is needed; the others from another one on each time.
            names = list(commands)
            turn = number % max(1, len(names) - 1)
            for name in names[:1] + names[1 + turn:] + names[1:1 + turn]:
                if name in row.missing:
                    continue
                try:
                    checksum, seconds = answer(commands[name], row.name, 2, limit)
                except Failure as failure:
                    row.lose(name, failure)
                    continue
                if checksum != expected.setdefault(row.name, checksum):
                    context.error(f"{section.name}: {row.name}: {name}: checksum {checksum}, not {expected[row.name]}")
                    row.lose(name, f"checksum {checksum}, not {expected[row.name]}")
                else:
                    row.add(name, seconds)
    context.progress(None)
    return section


ROUNDS = ("Each program runs its kernel twice in a process and prints the shorter time; the engines take turns, "
          "{rounds} round(s). Checksums are the same everywhere. Native: clang 19 -O3 -ffp-contract=off for {cpu}.")


def of_compilers(context, name, title, chosen_programs, flags=(), used=None):
    used = used or engines.chosen(context, interprets=False)
    target = "the machine's CPU" if context.cpu == "native" else context.cpu or "x86-64-v2"
    note = ROUNDS.format(rounds=context.rounds, cpu=target) + engines.note_of_absent(context, interprets=False)
    section = Section(name, title, "s", note, [engine.name for engine in used], baseline="native", geomean=True)
    return [compare(context, section, chosen_programs, used, flags)]


def scalar(context):
    return of_compilers(context, "scalar", "Run time, scalar wasm", programs(context))


def simd(context):
    return of_compilers(context, "simd", "Run time, wasm with SIMD (clang -msimd128)", programs(context), SIMD)


def suite(context):
    return scalar(context) + simd(context)


def cpu(context):
    """What the machine's own CPU brings, which wasmtime always uses."""
    context = dataclasses.replace(context, cpu="native")
    used = [engine for engine in engines.chosen(context, interprets=False)
            if engine.name in ("native", "wasmaot -O2", "wasmtime", "WAMR AOT")]
    return of_compilers(context, "cpu", "Run time, scalar wasm, for this machine's CPU", programs(context), used=used)


def kernels(context):
    return of_compilers(context, "kernels", "Run time of six kernels, scalar wasm",
                        [program for program in programs(context) if program.name in KERNELS])


def interpreters(context):
    """Ratios to the interpreter's own time: more is slower than it."""
    used = engines.chosen(context, interprets=True)
    # Clang's code does not answer for an interpreter; it says what is right.
    reference = [engine for engine in engines.ENGINES if engine.name == "native"]
    section = Section(
        "interpreters", "Run time in interpreters, scalar wasm", "s",
        "A tenth of each kernel's repetitions (at least one), twice in a process, the shorter time; the engines take turns, "
        f"{context.rounds} round(s). Checksums are those of native code." + engines.note_of_absent(context, interprets=True),
        ["wasmaot interpreter", *(engine.name for engine in used if engine.name != "wasmaot interpreter"), "native"],
        baseline="wasmaot interpreter", geomean=True)
    return [compare(context, section, programs(context, ["-DPART=10"]), reference + used)]


# MARK: The check

# What must give native code's checksums: name, options of `wasmaot build`; None: the interpreter.
CHECKED = {"-O0": ["-O0"], "-O2": ["-O2"], "interpreter": None}


def check(context):
    """Small problems through all of them, scalar and with SIMD; returns how many passed and failed."""
    def job(program, flags):
        tag = "-simd" if flags else ""
        native = BUILD / f"{program.name}-check{tag}-native"
        engines.native(NATIVE, context, program, None, native)
        expected, _ = answer([native], program.name, 2)
        module, wrong = program.module(*flags), []
        for name, options in CHECKED.items():
            app = BUILD / f"{program.name}-check{tag}{name}"
            try:
                command = [context.wasmaot, "run", "--interpret", module]
                if options is not None:
                    measure([context.wasmaot, "build", "--no-cache", "-j1", module, "-o", app, *options])
                    command = [app]
                checksum, _ = answer(command, program.name, 2)
                if checksum != expected:
                    wrong.append(f"{name}: checksum {checksum}, not {expected}")
            except Failure as failure:
                wrong.append(f"{name}: {failure}")
        return wrong

    pairs = [(program, flags) for program in programs(context, ["-DSMALL"]) for flags in ((), tuple(SIMD))]
    passed = failed = 0
    for (program, flags), wrong in zip(pairs, in_parallel([lambda pair=pair: job(*pair) for pair in pairs])):
        wrong = [str(wrong)] if isinstance(wrong, Failure) else wrong
        for line in wrong:
            print(f"FAILED: {program.name}{' with SIMD' if flags else ''}: {line}")
        passed, failed = passed + (not wrong), failed + bool(wrong)
    return passed, failed


NATIVE = engines.ENGINES[0]
