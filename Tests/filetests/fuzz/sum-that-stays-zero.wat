;;! seed 11013432
;; What the first turn reads is known, and makes the sum something that no operand changes any more: the loads of later
;; turns must trap all the same.
(module
  (memory $m0 1 4)
  (func (export "and") (param $p0 i32) (result i32) (local $turns i32) (local $address i32)
    (i32.store (i32.const 0) (i32.const 0))
    (loop $l
      (local.set $p0 (i32.and (local.get $p0) (i32.load8_u (local.get $address))))
      (local.set $address (i32.const -4))
      (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (block $b (br_table $b (local.get $p0)))
    (i32.const 0))
  (func (export "or") (param $p0 i32) (result i32) (local $turns i32) (local $address i32)
    (i32.store (i32.const 0) (i32.const -1))
    (loop $l
      (local.set $p0 (i32.or (local.get $p0) (i32.load (local.get $address))))
      (local.set $address (i32.const -4))
      (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (local.get $p0))
  (func (export "mul") (param $p0 i64) (result i64) (local $turns i32) (local $address i32)
    (i64.store (i32.const 65520) (i64.const 0))
    (local.set $address (i32.const 65520))
    (loop $l
      (local.set $p0 (i64.mul (local.get $p0) (i64.load (local.get $address))))
      (local.set $address (i32.add (local.get $address) (i32.const 8)))
      (br_if $l (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
    (local.get $p0)))
