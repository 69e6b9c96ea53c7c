;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1)
  (data (i32.const 65534) "abc")
  (func (export "_start")
    nop))
