;;! build --report-fuel
;;! exit 3
;;! stderr wasmaot: fuel consumed: 9
;; Exact where the host ends the program: three operators, and all six of the segment that calls it.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (block (br_if 0 (i32.load (i32.const 8))))
    (drop (i32.const 1))
    (call $exit (i32.const 3))
    (i32.store (i32.const 8) (i32.const 1))))
