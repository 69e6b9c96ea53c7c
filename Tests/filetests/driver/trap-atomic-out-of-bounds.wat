;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1 1 shared)
  (func (export "_start")
    (drop (i64.atomic.load (i32.const 65536)))))
