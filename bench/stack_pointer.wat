;; What C compiles to: calls that move a stack pointer, which is a global. SPAWN is an import of wasi.thread-spawn, or
;; nothing.
(module
  SPAWN
  (import "env" "memory" (memory 2 2 shared))
  (export "memory" (memory 0))
  (global $sp (mut i32) (i32.const 65536))
  (func (export "wasi_thread_start") (param i32 i32))
  (func $fib (param $n i32) (result i32) (local $frame i32) (local $sum i32)
    (if (i32.lt_s (local.get $n) (i32.const 2)) (then (return (local.get $n))))
    (local.set $frame (i32.sub (global.get $sp) (i32.const 16)))
    (global.set $sp (local.get $frame))
    (i32.store (local.get $frame) (local.get $n))
    (local.set $sum
      (i32.add
        (call $fib (i32.sub (local.get $n) (i32.const 1)))
        (call $fib (i32.sub (i32.load (local.get $frame)) (i32.const 2)))))
    (global.set $sp (i32.add (local.get $frame) (i32.const 16)))
    (local.get $sum))
  (func (export "_start")
    (if (i32.ne (call $fib (i32.const 40)) (i32.const 102334155)) (then (unreachable)))))
