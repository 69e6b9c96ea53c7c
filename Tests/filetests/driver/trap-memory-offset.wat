;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1)
  (func (export "_start")
    (drop (i64.load offset=0xfffffff8 (i32.const 0xfffffff8)))))
