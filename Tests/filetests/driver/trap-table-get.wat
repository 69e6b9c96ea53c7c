;;! exit 134
;;! stderr out of bounds table access
(module
  (table $t 4 funcref)
  (global $i (mut i32) (i32.const 4))
  (func (export "_start")
    (drop (table.get $t (global.get $i)))))
