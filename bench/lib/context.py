"""What a run of bench/run was asked for, and what it says meanwhile."""

import sys
from dataclasses import dataclass, field

from .commands import BENCH, BUILD, TOOLS, TO_WASM, measure, run


@dataclass
class Context:
    wasmaot: str
    # For native code and for wasmaot; None: the baseline.
    cpu: str = None
    rounds: int = 3
    starts: int = 500
    # Names; none: all.
    programs: list = field(default_factory=list)
    engines: list = field(default_factory=list)
    # How long a compiler may take for a module.
    limit: int = 120
    errors: list = field(default_factory=list)

    def progress(self, text):
        """What is done, on a terminal, in one line; None takes it away."""
        if sys.stderr.isatty():
            print("\r\033[K" + (text[:100] if text else ""), end="", file=sys.stderr, flush=True)

    def error(self, text):
        """What must not be: the run goes on, and ends with a failure."""
        self.progress(None)
        print(f"bench/run: {text}", file=sys.stderr)
        self.errors.append(text)

    # MARK: What benchmarks compile

    def app(self, module, name, *options):
        output = BUILD / name
        cpu = ["--cpu", self.cpu] if self.cpu else []
        run(self.wasmaot, "build", "--no-cache", module, "-o", output, *cpu, *options)
        return output

    def compiled(self, name):
        """The module of a C file in bench/."""
        module = BUILD / f"{name}.wasm"
        run(*TO_WASM, "-O2", "-s", BENCH / f"{name}.c", "-o", module)
        return module

    def parsed(self, name, text):
        """The module of a text."""
        source, module = BUILD / f"{name}.wat", BUILD / f"{name}.wasm"
        source.write_text(text)
        run(TOOLS / "wasm-tools", "parse", source, "-o", module)
        return module

    def empty(self):
        return self.parsed("empty", '(module (func (export "_start")))\n')

    def precompiled(self, module, *options):
        """By wasmtime."""
        output = BUILD / (module.stem + ".cwasm")
        run(TOOLS / "wasmtime", "compile", *options, module, "-o", output)
        return output


def shortest(command, repeat=5):
    """The shortest time of some runs."""
    return min(measure(command).seconds for _ in range(repeat))
