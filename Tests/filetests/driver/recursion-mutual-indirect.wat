;;! exit 134
;;! stderr call stack exhausted
(module
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $a $b))
  (func $a (type $t) (i32.add (i32.const 1) (call_indirect (type $t) (local.get 0) (i32.const 1))))
  (func $b (type $t) (i32.add (i32.const 1) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func (export "_start") (drop (call $a (i32.const 1)))))
