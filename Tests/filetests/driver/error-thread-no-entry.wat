;;! fails 1
;;! stderr error: the module imports wasi.thread-spawn, but exports no function 'wasi_thread_start'
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (memory (export "memory") 1 1 shared)
  (func (export "wasi_thread_start") (param i32))
  (func (export "_start") (drop (call $spawn (i32.const 0)))))
