"""Where things are, and how other programs are run and measured."""

import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BENCH = ROOT / "bench"
BUILD = ROOT / "third_party" / "bench"
PROGRAMS = ROOT / "third_party" / "programs"
TOOLS = ROOT / "third_party" / "tools"
CLANG = "clang-19"
TO_WASM = [CLANG, "--target=wasm32-wasi", "-ffp-contract=off"]


OWN_PEAK = "No less is measured than Python, which starts them, has itself: some 20 MB."


class Failure(Exception):
    """A program that failed, with a reason that fits a table's cell."""


@dataclass
class Measured:
    """What a program took: seconds from start to end and of CPU time, and the memory of the largest process in bytes.

    Linux carries what a process had resident before execve over: no less is measured than Python itself has."""
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    output: str


def measure(command, limit=300, **options):
    """Runs a command to its end; raises Failure if it fails, or is not done after `limit` seconds."""
    command = [str(part) for part in command]
    with tempfile.TemporaryFile("w+", errors="replace") as output, \
            tempfile.TemporaryFile("w+", errors="replace") as errors:
        start = time.monotonic()
        try:
            # A group of its own: what a command has started ends with it.
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                                     start_new_session=True, **options)
        except OSError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from None
        late = threading.Timer(limit, end, (child,))
        late.start()
        try:
            # wait4 and not Popen's wait: what this one used, not all children.
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            end(child)
            raise
        finally:
            late.cancel()
        seconds = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode == -signal.SIGKILL and seconds >= limit:
            raise Failure(f"not done after {limit} s")
        if child.returncode != 0:
            raise Failure(reason(command, child.returncode, errors.read() or output.read()))
        return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output.read())


def end(child):
    """Ends a program and what it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def reason(command, status, text):
    """A line for a failed command."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # What compilers call an error says more than what they say last.
    line = next((line for line in lines if "error" in line.lower()), lines[0] if lines else "")
    ended = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"{pathlib.Path(command[0]).name}: {ended}" + (f": {line[:200]}" if line else "")


def run(*command, **options):
    """The standard output of a command without which its benchmark can't go on."""
    try:
        return measure(command, **options).output
    except Failure as failure:
        raise Failure(f"{failure}\n  {shlex.join(str(part) for part in command)}") from None
