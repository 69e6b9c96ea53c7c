;;! seed 1000073
;; Of the expected value as many bits are compared as the access has.
(module
  (memory 1 1)
  (func (export "8") (result i32 i32)
    (i32.atomic.rmw8.cmpxchg_u (i32.const 33) (i32.const 0x10000) (i32.const -1))
    (i32.load (i32.const 32)))
  (func (export "16") (result i64 i64)
    (i64.atomic.rmw16.cmpxchg_u (i32.const 40) (i64.const 0xff0000) (i64.const 0x12345))
    (i64.load (i32.const 40)))
  (func (export "32") (result i64 i64)
    (i64.atomic.rmw32.cmpxchg_u (i32.const 48) (i64.const 0x100000000) (i64.const -1))
    (i64.load (i32.const 48)))
  (func (export "state") (result i64) (i64.load (i32.const 32))))
