;;! seed 30000238
;; The canonical NaN in the place of a square root of less than zero, told by the NaN and by the sign.
(module
  (memory 1)
  (data (i32.const 8) "\00\00\00\00\00\00\f0\bf\00\00\80\bf\00\00\80\bf")
  (func (export "scalar") (result i64) (local $x f64)
    (local.set $x (f64.load (i32.const 8)))
    (i64.reinterpret_f64 (select (f64.const nan) (f64.sqrt (local.get $x)) (f64.lt (local.get $x) (f64.const 0)))))
  (func (export "single") (result i32) (local $x f32)
    (local.set $x (f32.sqrt (f32.load (i32.const 16))))
    (i32.reinterpret_f32 (select (local.get $x) (f32.const nan) (f32.eq (local.get $x) (local.get $x)))))
  (func (export "vector") (result v128) (local $x v128)
    (local.set $x (f64x2.sqrt (v128.load (i32.const 8))))
    (v128.bitselect (local.get $x) (v128.const f64x2 nan nan) (f64x2.eq (local.get $x) (local.get $x)))))
