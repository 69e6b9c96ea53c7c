;; A thread's stack has an end of its own, at a frame of any size.
;;! build --stack-size=64K
;;! exit 134
;;! stderr wasmaot: trap: call stack exhausted
;;! stderr  in thread 1
;;! stderr deep
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (func $deep (param i32) (result i32)
    (if (result i32) (i32.eq (local.get 0) (i32.const -1))
      (then (i32.const 0))
      (else (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (local.get 0)))))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (i32.store (i32.const 4) (call $deep (i32.const 0))))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
