;;! seed 1
;; What a call returns is hidden from the loop, behind the test for its exception; so is a reference that ends one.
(module
  (memory $m0 1 1)
  (tag $t)
  (global $g (mut funcref) (ref.null func))
  (func $th (param i32) (result i32)
    (if (local.get 0) (then (throw $t)))
    (memory.size))
  (func (export "call") (param i32) (result i32) (local $n i32) (local $i i32)
    (local.set $n (call $th (i32.and (local.get 0) (i32.const 1))))
    (loop $l
      (i32.store offset=4096 (local.get $i) (i32.add (local.get $n) (i32.load (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32.load offset=4096 (i32.const 0)))
  (func (export "null") (global.set $g (ref.null func)))
  (func (export "reference") (result i32) (local $r funcref) (local $i i32)
    (local.set $r (global.get $g))
    (loop $l
      (i32.store offset=4096 (local.get $i) (i32.add (i32.const 3) (i32.load (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 4)))
      (local.set $r
        (select (result funcref) (local.get $r) (ref.null func) (i32.lt_u (local.get $i) (i32.const 3000))))
      (br_if $l (i32.eqz (ref.is_null (local.get $r)))))
    (local.get $i)))
