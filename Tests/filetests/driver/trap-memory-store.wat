;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1)
  (func (export "_start")
    (i32.store8 (i32.const 65536) (i32.const 1))))
