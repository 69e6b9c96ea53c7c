;; fuel
(module
  (import "host" "refuel" (func $refuel))
  (memory (export "memory") 1)
  (table (export "table") 1 externref)
  (func (export "turns") (param $n i32)
    (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "for ever") (loop $l (br $l)))
  (func (export "fault") (drop (i32.load (i32.const -1))))
  (func (export "refueled") (param $n i32)
    (call $refuel)
    (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "grow table") (param i32) (result i32) (table.grow 0 (ref.null extern) (local.get 0))))
