;;! build --invoke all
;;! stdout 111
;;! stdout 222
;;! stdout 222
;;! stdout 111
;;! stdout 111
;;! stdout 222
;;! stdout 111
;;! stdout 222
;;! stdout 7
;;! stdout 6
;;! stdout 111
;;! stdout 222
;; What a branch tests is what lies on the stack, not the comparison that was made last and dropped.
(module
  (func $br_if (param i32 i32) (result i32)
    (block
      (i32.add (local.get 0) (i32.const 1))
      (i32.eq (local.get 0) (local.get 1))
      drop
      (br_if 0)
      (return (i32.const 111)))
    (i32.const 222))
  (func $eqz (param i32 i32) (result i32)
    (block
      (i32.add (local.get 0) (i32.const 1))
      (i32.eq (local.get 0) (local.get 1))
      drop
      (i32.eqz)
      (br_if 0)
      (return (i32.const 111)))
    (i32.const 222))
  (func $eqz_of_constant (param i32 i32) (result i32)
    (block
      (drop (i32.eq (local.get 0) (local.get 1)))
      (br_if 0 (i32.eqz (i32.const 5)))
      (return (i32.const 111)))
    (i32.const 222))
  (func $if (param i32 i32) (result i32)
    (i32.add (local.get 0) (i32.const 1))
    (drop (i32.lt_s (local.get 0) (local.get 1)))
    if (result i32) (i32.const 222) else (i32.const 111) end)
  (func $set (param i32 i32) (result i32) (local i32)
    (i32.add (local.get 0) (i32.const 1))
    (drop (i32.eq (local.get 0) (local.get 1)))
    local.set 2
    (local.get 2))
  (func $select (param i32 i32) (result i32)
    (i32.const 222)
    (i32.const 111)
    (i32.add (local.get 0) (i32.const 1))
    (drop (i32.eq (local.get 0) (local.get 1)))
    select)
  (func (export "all") (result i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)
    (call $br_if (i32.const -1) (i32.const -1))
    (call $br_if (i32.const 5) (i32.const 6))
    (call $eqz (i32.const -1) (i32.const -1))
    (call $eqz (i32.const 5) (i32.const 6))
    (call $if (i32.const -1) (i32.const 0))
    (call $if (i32.const 5) (i32.const 5))
    (call $eqz_of_constant (i32.const 5) (i32.const 6))
    (call $br_if (i32.const 6) (i32.const 6))
    (call $set (i32.const 6) (i32.const 6))
    (call $set (i32.const 5) (i32.const 6))
    (call $select (i32.const -1) (i32.const -1))
    (call $select (i32.const 5) (i32.const 6))))
