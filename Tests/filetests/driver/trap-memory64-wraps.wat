;;! exit 134
;;! stderr out of bounds memory access
(module
  (memory i64 1)
  ;; Address and offset are 2^64 together.
  (func (export "_start")
    (i64.store offset=16 (i64.const 0xFFFFFFFFFFFFFFF0) (i64.const 1))))
