;;! seed 11009544
;; An atomic update that changes nothing, out of bounds, whose result is not needed once LLVM has looked at the branches.
(module
  (memory $m0 1 3 shared)
  (func (export "f1") (result i32)
    (block $b9
      (br_table $b9 $b9 $b9 $b9 (i32.atomic.rmw.or $m0 offset=8 (i32.const 65532) (i32.const 0))))
    (i32.const 0))
  (func (export "f2") (param i32) (result i32)
    (i32.mul (i32.const 0) (i32.atomic.rmw16.and_u $m0 (local.get 0) (i32.const 0xFFFF)))))
