;; Threads throw, catch and keep exceptions at the same time, enough of them for the collector to run in each.
;;! build --stack-size=64K
;;! exit 3
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 1 shared)
  (tag $e (param i32 i64))
  (global $kept (mut exnref) (ref.null exn))
  (table $all 64 64 exnref)
  (func $throw (param i32) (throw $e (local.get 0) (i64.const 5)))
  (func $keep (param $value i32) (result exnref)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (call $throw (local.get $value)))
      unreachable))
  (func $value (param $from exnref) (result i32)
    (block $caught (result i32 i64)
      (try_table (catch $e $caught) (throw_ref (local.get $from)))
      unreachable)
    (drop))
  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (local $i i32)
    (global.set $kept (call $keep (local.get $thread)))
    (loop $more
      (table.set $all
        (i32.and (local.get $i) (i32.const 63))
        (call $keep (i32.add (local.get $i) (local.get $thread))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 60000))))
    ;; The last 64 are there, and the first one.
    (local.set $i (i32.const 60000))
    (loop $check
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (if (i32.ne (call $value (table.get $all (i32.and (local.get $i) (i32.const 63))))
                  (i32.add (local.get $i) (local.get $thread)))
        (then unreachable))
      (br_if $check (i32.gt_u (local.get $i) (i32.const 59936))))
    (if (i32.ne (call $value (global.get $kept)) (local.get $thread)) (then unreachable))
    (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 8) (i32.const 1))))
  (func (export "_start")
    (local $i i32)
    (loop $more
      (if (i32.le_s (call $spawn (local.get $i)) (i32.const 0)) (then unreachable))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $i) (i32.const 4))))
    (block $done
      (loop $wait
        (br_if $done (i32.eq (local.tee $i (i32.atomic.load (i32.const 8))) (i32.const 4)))
        (drop (memory.atomic.wait32 (i32.const 8) (local.get $i) (i64.const -1)))
        (br $wait)))
    (if (ref.is_null (global.get $kept)) (then (call $exit (i32.const 3))))))
