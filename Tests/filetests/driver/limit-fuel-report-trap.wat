;;! build --report-fuel
;;! exit 134
;;! stderr out of bounds memory access
;;! stderr wasmaot: fuel consumed: 5
(module
  (memory 1)
  (func (export "_start")
    (block (br_if 0 (i32.load (i32.const 8))))
    (drop (i32.load (i32.const -1)))
    (block)
    (drop (i32.load (i32.const -1)))))
