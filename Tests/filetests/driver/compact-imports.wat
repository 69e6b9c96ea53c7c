;;! exit 7
(module
  (import "wasi_snapshot_preview1"
    (item "proc_exit" (func $exit (param i32)))
    (item "sched_yield" (func $yield (result i32))))
  (memory (export "memory") 1)
  (func (export "_start") (drop (call $yield)) (call $exit (i32.const 7))))
