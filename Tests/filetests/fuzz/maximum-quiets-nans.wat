;;! seed 103541
;; A signalling NaN and the zero that an addition to it would be nothing: what comes out is quiet.
(module
  (memory 1 1)
  (func (export "vector") (result i32)
    (i32.and (i32.const 0x400000)
      (i32x4.extract_lane 1 (f32x4.max (v128.load (i32.const 0)) (v128.const f32x4 -0 -0 -0 -0)))))
  (func (export "computed") (result i32)
    (i32.and (i32.const 0x400000)
      (i32x4.extract_lane 0 (f32x4.min (i32x4.neg (v128.const i32x4 0x80000000 0x80000000 0x80000000 0x80000000))
        (v128.load (i32.const 0))))))
  (func (export "f32") (result i32)
    (i32.and (i32.const 0x400000) (i32.reinterpret_f32 (f32.max (f32.load (i32.const 0)) (f32.const -0)))))
  (func (export "f64") (result i64)
    (i64.and (i64.const 0x8000000000000)
      (i64.reinterpret_f64 (f64.min (f64.const -0) (f64.load (i32.const 16))))))
  (data (i32.const 0) "\01\00\80\7f\01\00\80\7f\01\00\80\7f\01\00\80\7f\01\00\00\00\00\00\f0\7f"))
