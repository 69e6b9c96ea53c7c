;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1)
  (func (export "_start")
    (memory.copy (i32.const 0) (i32.const 65530) (i32.const 7))))
