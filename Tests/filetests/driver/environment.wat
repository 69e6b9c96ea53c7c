;;! build --env GIVEN=1 --env INHERITED --env ABSENT
;;! env INHERITED=22
;;! env SECRET=333
;;! exit 21
;; Bytes of all variables: GIVEN=1 and INHERITED=22, each with its NUL. Nothing else is seen.
(module
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (if (i32.ne (i32.load (i32.const 0)) (i32.const 2)) (then unreachable))
    (call $exit (i32.load (i32.const 4)))))
