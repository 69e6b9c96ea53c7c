;; Handlers find the stack as it was: behind calls with arguments on it, in frames with vectors. (At -Oz, where arguments are pushed,
;; too: ExceptionTests.)
;;! exit 42
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (tag $e (param i64 v128))
  (global $sum (mut i64) (i64.const 0))
  (func $thrower
    (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (param f64) (result i64)
    (if (i64.eqz (local.get 9))
      (then
        (throw $e
          (i64.add
            (i64.sub
              (i64.add (i64.add (i64.add (i64.add (i64.add (i64.add (i64.add (local.get 0) (local.get 1)) (local.get 2)) (local.get 3)) (local.get 4)) (local.get 5)) (local.get 6)) (local.get 7))
              (i64.const 36))
            (i64.add (local.get 8) (i64.trunc_f64_s (local.get 10))))
          (v128.const i64x2 5 6))))
    ;; What is on the stack and what is in registers goes round.
    (call $thrower
      (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 0)
      (i64.add (local.get 8) (i64.const 1)) (i64.sub (local.get 9) (i64.const 1))
      (f64.add (local.get 10) (f64.const 1))))
  ;; Keeps much in registers and on the stack across calls that throw.
  (func $keep (param $a i64) (param $b i64) (param $v v128) (result i64)
    (local $c i64) (local $d i64) (local $caught i64) (local $w v128)
    (local.set $c (i64.mul (local.get $a) (local.get $b)))
    (local.set $d (i64.xor (local.get $a) (local.get $c)))
    (block $handler (result i64 v128)
      (try_table (catch $e $handler)
        (drop (call $thrower
          (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6) (i64.const 7) (i64.const 8)
          (i64.const 10) (i64.const 3)
          (f64.const 20))))
      (return (i64.const -1)))
    (local.set $w)
    (local.set $caught)
    (i64.add
      (i64.add (local.get $caught) (i64x2.extract_lane 1 (i64x2.add (local.get $w) (local.get $v))))
      (i64.add (i64.sub (local.get $c) (local.get $d)) (i64.add (local.get $a) (local.get $b)))))
  (func (export "_start")
    (local $i i64)
    (loop $more
      (global.set $sum
        (i64.add (global.get $sum) (call $keep (local.get $i) (i64.const 3) (v128.const i64x2 1 2))))
      ;; From two places, so that it is not inlined: it returns with the stack that it was left with.
      (if (i64.ge_s (call $keep (i64.const 0) (local.get $i) (v128.const i64x2 1 2)) (i64.const 10000))
        (then (call $exit (i32.const 2))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $more (i64.lt_u (local.get $i) (i64.const 1000))))
    ;; Of each i: 36 caught, 8 of vectors, 3i - (i ^ 3i), i + 3; summed up below.
    (local.set $i (i64.const 0))
    (loop $again
      (global.set $sum
        (i64.sub (global.get $sum)
          (i64.add
            (i64.const 47)
            (i64.sub
              (i64.mul (local.get $i) (i64.const 4))
              (i64.xor (local.get $i) (i64.mul (local.get $i) (i64.const 3)))))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $again (i64.lt_u (local.get $i) (i64.const 1000))))
    (if (i64.ne (global.get $sum) (i64.const 0)) (then (call $exit (i32.const 1))))
    (call $exit (i32.const 42))))
