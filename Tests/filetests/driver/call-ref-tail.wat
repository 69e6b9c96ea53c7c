;;! build --invoke count
;;! run 10000000
;;! stdout 0
(module
  (type $f (func (param i32) (result i32)))
  (elem declare func $count)
  (func $count (export "count") (type $f)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call_ref $f (i32.sub (local.get 0) (i32.const 1)) (ref.func $count))))
