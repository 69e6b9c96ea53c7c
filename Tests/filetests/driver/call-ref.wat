;;! build --invoke sum
;;! run 5
;;! stdout 47
(module
  (type $f (func (param i32) (result i32)))
  (table $t 2 (ref $f) (ref.func $double))
  (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
  (func $square (type $f) (i32.mul (local.get 0) (local.get 0)))
  (global $square (mut (ref $f)) (ref.func $square))
  (func $apply (param $r (ref null $f)) (param i32) (result i32)
    (block $null
      (return (call_ref $f (local.get 1) (br_on_null $null (local.get $r)))))
    (i32.const 12))
  (func (export "sum") (param i32) (result i32)
    (i32.add
      (call $apply (global.get $square) (local.get 0))
      (i32.add
        (call $apply (table.get $t (i32.const 1)) (local.get 0))
        (call $apply (ref.null $f) (local.get 0))))))
