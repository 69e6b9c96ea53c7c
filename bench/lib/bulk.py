"""What bulk memory operations cost, by how much they move."""

from dataclasses import dataclass

from . import engines
from .commands import BENCH
from .results import Section
from .suite import Program, compare

# Least and most bytes, and how many of them take about 50 ms natively.
SIZES = [(8, 8, 16_000_000), (1, 16, 6_000_000), (1, 64, 6_000_000), (100, 100, 10_000_000), (1000, 1000, 4_000_000),
         (4000, 6000, 1_000_000)]


@dataclass(frozen=True)
class Bulk(Program):
    source = BENCH / "bulk.c"


def program(kind, least, most, times):
    return Bulk(f"{kind}-{least}-{most}",
                (f"-DKIND={kind}", f"-DLEAST={least}", f"-DMOST={most}", f"-DTIMES={times}"))


def bulk(context):
    used = [engine for engine in engines.chosen(context, interprets=False) if engine.name != "wasmaot -O3"]
    section = Section(
        "bulk", "Bulk memory operations", "s",
        "Programs that do nothing else, by kind, least and greatest size in bytes (any in between): memory.copy (copy; "
        "move: upwards by 5 bytes) and memory.fill; natively the C library's memcpy, memmove and memset. "
        f"{context.rounds} round(s)." + engines.note_of_absent(context, interprets=False),
        [engine.name for engine in used], baseline="native", geomean=True)
    programs = [program(kind, *size) for kind in ("copy", "move", "fill") for size in SIZES]
    return [compare(context, section, programs, used)]
