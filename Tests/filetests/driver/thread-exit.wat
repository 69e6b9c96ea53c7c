;; proc_exit in a thread ends the program with its status, although the main thread is in a loop.
;;! build --stack-size=64K
;;! exit 33
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 1 shared)
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (call $exit (local.get $argument)))
  (func (export "_start")
    (drop (call $spawn (i32.const 33)))
    (loop $for_ever (br $for_ever))))
