(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (start $start)
  (func $start (call $exit (i32.const 300))))
