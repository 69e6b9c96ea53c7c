;; An access outside of the memory, in a thread.
;;! build --stack-size=64K
;;! exit 134
;;! stderr wasmaot: trap: out of bounds memory access
;;! stderr  in thread 1
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1 2 shared)
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (i32.store (i32.const 65536) (i32.const 1)))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
