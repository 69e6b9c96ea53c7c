;;! exit 134
;;! stderr integer overflow
(module
  (global $x (mut f64) (f64.const 1e300))
  (func (export "_start")
    (drop (i32.trunc_f64_u (global.get $x)))))
