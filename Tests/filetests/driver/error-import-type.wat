;;! fails 1
;;! stderr has the type (i32, i32) -> i32
(module
  (import "wasi_snapshot_preview1" "random_get" (func (param i32 i64) (result i32)))
  (func (export "_start")))
