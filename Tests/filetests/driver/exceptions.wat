;;! build --invoke sum
;;! run 3
;;! stdout 11100
;; All kinds of payload survive, through frames with their own handlers.
(module
  (type $f (func (param i32)))
  (tag $a (param i32 i64 f32 f64 v128 funcref))
  (tag $b (param i32))
  (elem declare func $thrower)
  (func $thrower (param i32)
    (if (i32.eqz (local.get 0))
      (then (throw $a (i32.const 100) (i64.const 1000) (f32.const 10000) (f64.const 0.5)
        (v128.const i32x4 1 2 3 4) (ref.func $thrower))))
    (block $b (result i32)
      (try_table (catch $b $b) (call $thrower (i32.sub (local.get 0) (i32.const 1))))
      (return))
    (drop))
  (func (export "sum") (param i32) (result i32)
    (block $a (result i32 i64 f32 f64 v128 funcref)
      (try_table (catch $a $a) (call $thrower (local.get 0)))
      (return (i32.const -1)))
    (if (ref.is_null) (then unreachable))
    (if (i32.ne (i32x4.extract_lane 3) (i32.const 4)) (then unreachable))
    (if (f64.ne (f64.const 0.5)) (then unreachable))
    (i32.add (i32.trunc_f32_s) (i32.const 0))
    (drop) (drop) (drop)
    (i32.const 11100)))
