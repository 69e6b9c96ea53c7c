"""What a build takes again: with everything in the cache, with one function changed, and with a server's cache."""

import http.server
import os
import re
import shutil
import threading

from .commands import BUILD, PROGRAMS, TOOLS, measure, run
from .results import Section

COLUMNS = ["full", "one function changed", "unchanged", "found on a server"]
# Functions, from all over the module, that are changed one after the other. Most take their own unit along; a small one that
# is inlined everywhere takes half of them.
CHANGES = 7


class Store(http.server.BaseHTTPRequestHandler):
    """Keeps what is put there."""
    protocol_version = "HTTP/1.1"
    files = {}

    def do_GET(self):
        contents = self.files.get(self.path)
        self.send_response(404 if contents is None else 200)
        self.send_header("Content-Length", str(len(contents or b"")))
        self.end_headers()
        self.wfile.write(contents or b"")

    def do_PUT(self):
        self.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def changed(module):
    """A module, through text and back, and the same with another constant in one function, in each of several."""
    text = run(TOOLS / "wasm-tools", "print", module)
    bodies = [match.start() for match in re.finditer(r"^  \(func ", text, re.MULTILINE)]

    def parsed(name, text):
        source, output = BUILD / f"{module.stem}.{name}.wat", BUILD / f"{module.stem}.{name}.wasm"
        source.write_text(text)
        run(TOOLS / "wasm-tools", "parse", source, "-o", output)
        return output

    def with_change(number):
        start = bodies[len(bodies) * number // (CHANGES + 1)]
        constant = re.compile(r"i32\.const (-?\d+)$", re.MULTILINE).search(text, start)
        return text[:constant.start(1)] + str(int(constant.group(1)) ^ 1) + text[constant.end(1):]

    return parsed("before", text), [parsed(f"after-{n}", with_change(n)) for n in range(1, CHANGES + 1)]


def rebuild(context):
    section = Section(
        "rebuild", "Building again", "s",
        "`wasmaot build -O2` from start to end of the process, in one run: with an empty cache, with the cache that this "
        f"left after a constant in one function was changed (the median of {CHANGES} functions, spread evenly over the "
        "module), for the same module again, and with an empty cache on this machine and an HTTP server on the same "
        "machine that has it.", COLUMNS, baseline="full")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    cache, output = BUILD / "rebuild.cache", BUILD / "rebuild.app"

    def build(module, *options):
        return measure([context.wasmaot, "build", module, "-o", output, *options],
                       env={**os.environ, "WASMAOT_CACHE_DIR": str(cache)}).seconds

    for name in ("lua", "sqlite3", "resvg"):
        module = PROGRAMS / f"{name}.wasm"
        row = section.row(name)
        if not module.exists():
            row.lose("full", "scripts/programs has not built it")
            continue
        before, afters = changed(module)
        for _ in range(max(1, context.rounds // 3)):
            context.progress(f"rebuild: {name}")
            shutil.rmtree(cache, ignore_errors=True)
            row.add("full", build(before))
            for after in afters:
                row.add("one function changed", build(after))
        for _ in range(20):
            row.add("unchanged", build(before))
        build(before, "--remote-cache", address, "-g")
        for _ in range(5):
            shutil.rmtree(cache)
            row.add("found on a server", build(before, "--remote-cache", address, "-g"))
    context.progress(None)
    server.shutdown()
    return [section]
