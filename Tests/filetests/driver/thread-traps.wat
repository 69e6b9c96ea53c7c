;; A trap in a thread ends the program, while others run.
;;! build --stack-size=64K
;;! exit 134
;;! stderr wasmaot: trap: integer divide by zero
;;! stderr  in thread 2
;;! stderr : wasi_thread_start
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (global $zero (mut i32) (i32.const 0))
  (func $inner (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.div_u (local.get 0) (global.get $zero)))
      (else (call $inner (i32.const 1)))))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (if (local.get $argument)
      (then
        (i32.store (i32.const 0) (call $inner (local.get $argument)))
        (global.set $zero (i32.const 1)))
      (else (loop $for_ever (br $for_ever)))))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (call $spawn (i32.const 1)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
