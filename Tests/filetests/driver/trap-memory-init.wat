;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1)
  (data $d "abc")
  (func (export "_start")
    (memory.init $d (i32.const 0) (i32.const 1) (i32.const 3))))
