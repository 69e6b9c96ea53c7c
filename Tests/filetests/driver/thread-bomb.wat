;; 10,000 threads that never end: some start, the others are refused, and the program goes on.
;;! build --stack-size=64K
;;! exit 5
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 1 shared)
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))
  (func (export "_start")
    (local $i i32)
    (local $result i32)
    (local $refused i32)
    (local $started i32)
    (loop $more
      (local.set $result (call $spawn (i32.const 0)))
      (if (i32.gt_s (local.get $result) (i32.const 0))
        (then (local.set $started (i32.add (local.get $started) (i32.const 1))))
        (else
          ;; EAGAIN
          (if (i32.ne (local.get $result) (i32.const -6)) (then unreachable))
          (local.set $refused (i32.add (local.get $refused) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 10000))))
    (if (i32.and (i32.gt_s (local.get $refused) (i32.const 0))
                 (i32.gt_s (local.get $started) (i32.const 10)))
      (then (call $exit (i32.const 5))))))
