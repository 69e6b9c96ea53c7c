;;! build --dir {dir}::/data:ro
;;! exit 63
;; To read, but with O_TRUNC: perm.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "hello.txt")
  (func $try (param $oflags i32) (result i32)
    (call $open (i32.const 3) (i32.const 0) (i32.const 100) (i32.const 9)
      (local.get $oflags) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
  (func (export "_start")
    (if (call $try (i32.const 0)) (then unreachable))
    (call $exit (call $try (i32.const 8)))))
