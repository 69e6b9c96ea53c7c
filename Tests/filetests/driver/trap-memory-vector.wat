;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1)
  (func (export "_start")
    (drop (v128.load (i32.const 65521)))))
