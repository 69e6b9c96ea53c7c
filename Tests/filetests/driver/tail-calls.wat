;;! build --invoke count
;;! run 30000000
;;! stdout 30000000
;; As deep as this only without a frame a call.
(module
  (type $t (func (param i32 i32) (result i32)))
  (table funcref (elem $odd))
  (func $count (export "count") (param i32) (result i32)
    (return_call $even (local.get 0) (i32.const 0)))
  (func $even (type $t)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call_indirect (type $t)
      (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1)) (i32.const 0)))
  (func $odd (type $t)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $even
      (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (i32.const 1)))))
