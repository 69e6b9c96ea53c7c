;;! exit 134
;;! stdout before
;;! stderr out of bounds memory access
;; What was printed before a trap was printed, and nothing that comes after it, though nobody needs what is loaded.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\07\00\00\00\28\00\00\00\06\00\00\00")
  (data (i32.const 32) "before\n\00after\n")
  (func $far (param $p i32) (result i32)
    (i32.mul (i32.load (i32.shl (local.get $p) (i32.const 20))) (i32.const 0)))
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (drop (call $far (i32.load (i32.const 4))))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 64)))))
