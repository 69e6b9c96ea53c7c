;; 40 threads add to counters, each with an instruction of its own choice; the main thread waits for all of them.
;;! build --stack-size=64K
;;! exit 7
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 1 1 shared))
  (export "memory" (memory 0))
  ;; 0: sum, 8: threads that are done, 12: a bit for each identifier that was seen twice

  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (local $i i32)
    (loop $more
      (drop (i32.atomic.rmw.add (i32.const 0) (local.get $argument)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 1000))))
    ;; Positive, and of 29 bits at the most.
    (if (i32.or (i32.le_s (local.get $thread) (i32.const 0))
                (i32.ge_s (local.get $thread) (i32.const 0x20000000)))
      (then unreachable))
    (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 8) (i32.const -1))))

  (func (export "_start")
    (local $i i32)
    (local $done i32)
    (loop $more
      (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 40))))
    (loop $wait
      (local.set $done (i32.atomic.load (i32.const 8)))
      (if (i32.ne (local.get $done) (i32.const 40))
        (then
          (drop (memory.atomic.wait32 (i32.const 8) (local.get $done) (i64.const -1)))
          (br $wait))))
    ;; 1000 * (0 + ... + 39)
    (if (i32.eq (i32.atomic.load (i32.const 0)) (i32.const 780000))
      (then (call $exit (i32.const 7))))))
