;;! seed 103541
;; A constant that comes to the maximum as lanes of another width, none of which is zero: 0, not -0, without
;; optimisation, too.
(module
  (memory 1 1)
  (func $maximum (param $p v128) (result v128) (local $c v128)
    (v128.store16_lane 3 (i32.const 0)
      (v128.bitselect
        (local.tee $c (f64x2.ceil (v128.const f32x4 -0 -3e9 -0 -3e9)))
        (v128.const f64x2 nan nan)
        (f64x2.eq (local.get $c) (local.get $c))))
    (f32x4.max (local.get $p) (local.get $c)))
  (func $minimum (param $p v128) (result v128) (local $c v128)
    (v128.store16_lane 3 (i32.const 0)
      (v128.bitselect
        (local.tee $c (f64x2.floor (v128.const f32x4 0 3e9 0 3e9)))
        (v128.const f64x2 nan nan)
        (f64x2.eq (local.get $c) (local.get $c))))
    (f32x4.min (local.get $p) (local.get $c)))
  (func (export "max") (result v128) (call $maximum (v128.const f32x4 0 -0 0 0)))
  (func (export "min") (result v128) (call $minimum (v128.const f32x4 -0 0 -0 -0))))
