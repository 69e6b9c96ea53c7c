;;! exit 134
;;! stderr expected shared memory
(module
  (memory 1 1)
  (func (export "_start")
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const 0)))))
