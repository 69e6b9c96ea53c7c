;;! seed 20005565
;; The largest offset there is: it traps, and the compiler does not compute beyond it.
(module
  (memory i64 1)
  (func (export "store") (param i64) (i32.store8 offset=0xffffffffffffffff (local.get 0) (i32.const 1)))
  (func (export "load") (param i64) (result i64)
    (i64.store (i64.const 8) (local.get 0))
    (i64.load offset=0xfffffffffffffff8 (i64.const 0))))
