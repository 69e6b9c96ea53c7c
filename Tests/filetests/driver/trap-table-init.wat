;;! exit 134
;;! stderr out of bounds table access
(module
  (table $t 4 funcref)
  (elem $e func $f)
  (func $f)
  (func (export "_start")
    (table.init $t $e (i32.const 4) (i32.const 0) (i32.const 1))))
