"""What threads cost. (wasmtime has given wasi-threads up.)"""

from .commands import BENCH, BUILD, CLANG, run
from .context import shortest
from .exceptions import filled
from .results import Section


def threads(context):
    few, many = 100, 5_000

    def program(name, template, **values):
        return [context.app(context.parsed(name, filled(template, **values)), f"{name}-app")]

    native = BUILD / "spawn-native"
    run(CLANG, "-O2", "-pthread", BENCH / "spawn_native.c", "-o", native)
    # What start and end of the process take goes.
    times = {}
    for count in (few, many):
        app = program(f"spawn-{count}", "spawn.wat", COUNT=count)
        for name, command in {"wasmaot": app, "native": [native, count]}.items():
            times[name, count] = shortest(command)
    spawning = Section("threads", "Starting a thread and waiting for it", "s",
                       f"The difference between {many} and {few} of them, one after the other, beside pthreads.",
                       ["native", "wasmaot"], baseline="native")
    row = spawning.row("spawn and wait")
    for name in spawning.columns:
        row.add(name, (times[name, many] - times[name, few]) / (many - few))

    spawn = '(import "wasi" "thread-spawn" (func (param i32) (result i32)))'
    own = program("stack-pointer-own", "stack_pointer.wat", SPAWN=spawn)
    plain = program("stack-pointer", "stack_pointer.wat", SPAWN="")
    globals_ = Section("threads-globals", "Globals that are each thread's own", "ratio",
                       "Calls that move a stack pointer, in a program with threads and in one without.", ["wasmaot"])
    globals_.row("globals of threads / plain globals").add("wasmaot", shortest(own) / shortest(plain))
    return [spawning, globals_]
