;; What a thread has for itself, as an instance of the module would: globals, tables, dropped segments. The start
;; function runs in each; active segments are written once.
;;! build --stack-size=64K
;;! exit 9
(module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (type $f (func (result i32)))
  (memory (export "memory") 1 1 shared)
  (data (i32.const 64) "\05\00\00\00")
  (data $passive "\2a\00\00\00")
  (global $g (mut i32) (i32.const 11))
  (global $v (mut v128) (v128.const i64x2 3 4))
  (global $r (mut funcref) (ref.func $one))
  (global $x (mut externref) (ref.null extern))
  (global $constant i32 (i32.const 5))
  (table $t 4 8 funcref)
  (table $fixed 2 2 funcref)
  (elem (table $t) (i32.const 1) func $one $two)
  (elem (table $fixed) (i32.const 0) func $two $one)
  (elem $later func $two $two)
  (start $init)
  (func $one (type $f) (i32.const 1))
  (func $two (type $f) (i32.const 2))

  ;; 0: how often start ran, 4: threads that are done
  (func $init (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1))))

  (func $require (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))

  ;; All is as the module says.
  (func $fresh
    (call $require (i32.eq (global.get $g) (i32.const 11)))
    (call $require (i64.eq (i64x2.extract_lane 1 (global.get $v)) (i64.const 4)))
    (table.set $t (i32.const 3) (global.get $r))
    (call $require (i32.eq (call_indirect $t (type $f) (i32.const 3)) (i32.const 1)))
    (call $require (i32.eq (call_indirect $t (type $f) (i32.const 2)) (i32.const 2)))
    (call $require (i32.eq (call_indirect $fixed (type $f) (i32.const 0)) (i32.const 2)))
    (call $require (i32.eq (table.size $t) (i32.const 4)))
    (memory.init $passive (i32.const 128) (i32.const 0) (i32.const 4))
    (call $require (i32.eq (i32.load (i32.const 128)) (i32.const 42)))
    (table.init $t $later (i32.const 0) (i32.const 0) (i32.const 2)))

  ;; Changes everything.
  (func $change
    (global.set $g (i32.const 99))
    (global.set $v (v128.const i64x2 0 0))
    (global.set $r (ref.func $two))
    (table.set $t (i32.const 2) (ref.func $one))
    (call $require (i32.eq (table.grow $t (ref.func $two) (i32.const 4)) (i32.const 4)))
    (call $require (i32.eq (call_indirect $t (type $f) (i32.const 7)) (i32.const 2)))
    (data.drop $passive)
    (elem.drop $later))

  (func (export "wasi_thread_start") (param $thread i32) (param $argument i32)
    (call $fresh)
    (call $change)
    (i32.store (i32.const 64) (i32.const 77))
    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))

  (func $run (param $count i32)
    (call $require (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)))
    (block $done
      (loop $wait
        (br_if $done (i32.eq (i32.atomic.load (i32.const 4)) (local.get $count)))
        (drop
          (memory.atomic.wait32
            (i32.const 4) (i32.sub (local.get $count) (i32.const 1)) (i64.const -1)))
        (br $wait))))

  (func (export "_start")
    (call $run (i32.const 1))
    (call $fresh)
    (call $change)
    (call $run (i32.const 2))
    (call $run (i32.const 3))
    (call $require (i32.eq (global.get $g) (i32.const 99)))
    (call $require (i32.eq (table.size $t) (i32.const 8)))
    (call $require (i32.eq (i32.load (i32.const 64)) (i32.const 77)))
    (call $require (i32.eq (i32.atomic.load (i32.const 0)) (i32.const 4)))
    (call $exit (i32.const 9))))
