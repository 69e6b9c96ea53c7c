;;! seed 102098
;; An address that is not aligned, and beyond the end of what 64 bits can say: the alignment is looked at first.
(module
  (memory $m0 i64 1 3 shared)
  (func (export "f1") (result i32)
    (i32.store $m0 (i64.const 0) (i32.atomic.load16_u $m0 offset=0xfffffffffffffff0 (i64.const -1)))
    (i32.const 0))
  (func (export "f2") (result i32)
    (i32.atomic.load16_u $m0 offset=0xfffffffffffffff0 (i64.const -2)))
  (func (export "f3") (result i32)
    (memory.atomic.wait32 $m0 offset=0xfffffffffffffff0 (i64.const -1) (i32.const 0) (i64.const 0))))
