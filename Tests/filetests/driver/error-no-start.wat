;;! fails 1
;;! stderr has no '_start'
;;! stderr add (i32, i32) -> i32
;;! stderr --invoke add
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
