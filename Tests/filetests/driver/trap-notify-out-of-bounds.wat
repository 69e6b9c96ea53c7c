;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory 1 1 shared)
  (func (export "_start")
    (drop (memory.atomic.notify offset=0xfffffffc (i32.const 0x10000) (i32.const 1)))))
