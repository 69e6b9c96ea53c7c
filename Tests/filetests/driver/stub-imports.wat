;;! build --stub-imports=trap
;;! exit 134
;;! stderr env.missing
(module
  (import "env" "missing" (func $f (param i32)))
  (import "env" "unused" (func))
  (func (export "_start") (call $f (i32.const 1))))
