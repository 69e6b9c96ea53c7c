"""How much machine code ELF files have (x86-64, little endian)."""

import struct
from pathlib import Path

EXECUTABLE = 0x4  # SHF_EXECINSTR
SECTION = struct.Struct("<IIQQQQIIQQ")


def code_size(path, name=None):
    """Bytes of all sections that can be executed, or of those with a name."""
    contents = Path(path).read_bytes()
    if contents[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no ELF file of 64 bits")
    (start,) = struct.unpack_from("<Q", contents, 0x28)
    size, count, names = struct.unpack_from("<HHH", contents, 0x3A)
    sections = [SECTION.unpack_from(contents, start + size * index) for index in range(count)]

    def name_of(section):
        offset = sections[names][4] + section[0]
        return contents[offset:contents.index(b"\0", offset)].decode()

    return sum(section[5] for section in sections
               if section[2] & EXECUTABLE and (name is None or name_of(section) == name))
