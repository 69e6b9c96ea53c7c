;;! fails 1
;;! stderr error: unknown import env.missing
;;! stderr (i32, f64) -> i64
;;! stderr --stub-imports=trap
(module
  (import "env" "missing" (func $f (param i32 f64) (result i64)))
  (func (export "_start") (drop (call $f (i32.const 1) (f64.const 2)))))
