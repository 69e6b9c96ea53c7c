;;! exit 134
;;! stderr undefined element
(module
  (table $t 4 funcref)
  (elem (i32.const 0) $f $g)
  (type $none (func))
  (type $other (func (param i32)))
  (global $i (mut i32) (i32.const 4))
  (func $f)
  (func $g (param i32))
  (func (export "_start")
    (call_indirect (type $none) (global.get $i))))
