;; Nothing is behind proc_exit, nor behind what calls it and nothing else.
;;! exit 3
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func $leave (param i32) (result i32) (call $exit (local.get 0)) (i32.const 7))
  (func (export "_start")
    (drop (call $leave (i32.const 3)))
    (drop (i32.load (i32.const -1)))))
