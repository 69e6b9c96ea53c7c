;;! fails 1
;;! stderr error: unknown import env.memory
;;! stderr is a shared one: link with -Wl,--shared-memory
(module
  (import "env" "memory" (memory 1 1))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (func (export "wasi_thread_start") (param i32 i32))
  (func (export "_start") (drop (call $spawn (i32.const 0)))))
