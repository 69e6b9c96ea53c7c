"""Counting the instructions of a program's kernel, a figure that nothing else on the machine disturbs."""

import platform

from .commands import BENCH, BUILD, CLANG, Failure, measure, run

# Seconds for a program, most of which take two.
LIMIT = 120
# How bench/step.c ends where it may not trace.
NOT_PERMITTED = 77


class Skipped(Exception):
    """Why nothing can be counted here."""


class Counter:
    """Runs programs one instruction at a time."""

    def __init__(self):
        if platform.machine() != "x86_64":
            raise Skipped("instructions are counted on x86-64 only")
        self.step = BUILD / "step"
        run(CLANG, "-O2", BENCH / "step.c", "-o", self.step)
        try:
            measure([self.step, "/bin/true"])
        except Failure as failure:
            # Else it says that this has no kernel.
            if f"status {NOT_PERMITTED}" in str(failure):
                raise Skipped("programs may not be traced here") from None

    def __call__(self, command):
        """The checksum that a pinned program prints, and the instructions of its kernel."""
        printed = measure([self.step, *command], limit=LIMIT).output.split()
        if len(printed) != 2 or not printed[1].isdecimal():
            raise Failure(f"it printed {' '.join(printed)[:100]!r}")
        return printed[0], int(printed[1])
