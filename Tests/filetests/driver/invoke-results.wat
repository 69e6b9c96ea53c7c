;;! build --invoke values
;;! run -1 0x10
;;! stdout 4294967295
;;! stdout 17
;;! stdout -0.5
(module
  (func (export "values") (param i32 i64) (result i64 i64 f64)
    (i64.extend_i32_u (local.get 0)) (i64.add (local.get 1) (i64.const 1)) (f64.const -0.5)))
