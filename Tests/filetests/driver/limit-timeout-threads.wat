;; One for all threads: the main one waits for another that turns for ever.
;;! build --timeout 200ms
;;! exit 134
;;! stderr interrupt: the time is up (--timeout 200ms)
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32) (loop $l (br $l)))
  (func (export "_start")
    (if (i32.le_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))
