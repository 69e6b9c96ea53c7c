;; Threads grow the memory together, and use every page as soon as anybody can know of it.
;;! build --stack-size=64K
;;! exit 4
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 400 shared)
  ;; 0: threads that are done, 4: pages that were got
  (func $touch (local $end i32)
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (i32.store offset=0 (i32.sub (local.get $end) (i32.const 4)) (i32.const 1))
    (memory.fill (i32.sub (local.get $end) (i32.const 64)) (i32.const 0) (i32.const 64)))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (local $i i32)
    (loop $more
      (if (i32.ne (memory.grow (i32.const 1)) (i32.const -1))
        (then (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))))
      (call $touch)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 120))))
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))
  (func (export "_start")
    (local $i i32)
    (loop $more
      (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 4))))
    ;; A loop that only looks at the size sees it change.
    (loop $watch (br_if $watch (i32.lt_u (memory.size) (i32.const 400))))
    (block $done
      (loop $wait
        (br_if $done (i32.eq (local.tee $i (i32.atomic.load (i32.const 0))) (i32.const 4)))
        (drop (memory.atomic.wait32 (i32.const 0) (local.get $i) (i64.const -1)))
        (br $wait)))
    (if (i32.and (i32.eq (memory.size) (i32.const 400))
                 (i32.eq (i32.atomic.load (i32.const 4)) (i32.const 399)))
      (then (call $exit (i32.const 4))))))
