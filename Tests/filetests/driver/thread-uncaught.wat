;; An exception that nothing in its thread catches.
;;! build --stack-size=64K
;;! exit 134
;;! stderr wasmaot: uncaught exception: tag oops
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (tag $oops (param i32))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (throw $oops (i32.const 1)))
  (func (export "_start")
    (drop (call $spawn (i32.const 0)))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
