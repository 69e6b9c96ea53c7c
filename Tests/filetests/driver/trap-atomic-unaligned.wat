;;! exit 134
;;! stderr unaligned atomic
(module
  (memory 1 1 shared)
  (func (export "_start")
    (drop (i32.atomic.rmw.add offset=2 (i32.const 4) (i32.const 1)))))
