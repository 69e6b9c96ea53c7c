;; Each thread has a copy of the tables, which counts: 1.6 MB beside the memory of 64 KiB. One is enough.
;;! build --max-memory=3M
;;! exit 1
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 1 shared)
  (table $functions 100000 funcref)
  (func (export "wasi_thread_start") (param i32 i32)
    (table.set $functions (i32.const 0) (ref.null func))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  ;; Ends with how many could be started.
  (func (export "_start") (local $count i32)
    (loop $again
      (if (i32.eq (call $spawn (i32.const 0)) (i32.const -6)) (then (call $exit (local.get $count))))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $count) (i32.const 5))))
    (call $exit (i32.const 99))))
