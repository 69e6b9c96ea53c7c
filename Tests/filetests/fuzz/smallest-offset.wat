;;! seed 1
;; Offsets that are -2^63 as signed numbers, alone and with what is added to the index.
(module
  (memory $m0 i64 1 1)
  (func (export "offset") (param i64) (result i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (i32.load offset=0x8000000000000000 (local.get 0))))
      (local.set 0 (i64.add (local.get 0) (i64.const 4)))
      (br_if $l (i64.ne (local.get 0) (i64.const 4000))))
    (local.get $s))
  (func (export "index") (param i64) (result i32) (local $s i32)
    (loop $l
      (local.set $s
        (i32.add (local.get $s) (i32.load (i64.add (local.get 0) (i64.const 0x8000000000000000)))))
      (local.set 0 (i64.add (local.get 0) (i64.const 4)))
      (br_if $l (i64.ne (local.get 0) (i64.const 4000))))
    (local.get $s))
  (func (export "both") (param i64) (result i32) (local $s i32)
    (loop $l
      (local.set $s
        (i32.add (local.get $s) (i32.load offset=0x7fffffffffffffff (i64.add (local.get 0) (i64.const 1)))))
      (local.set 0 (i64.add (local.get 0) (i64.const 4)))
      (br_if $l (i64.ne (local.get 0) (i64.const 4000))))
    (local.get $s)))
