(module
  (type $step (func (param i32 i64) (result i64)))
  (table (export "table") 4 funcref)
  (elem (i32.const 0) func $even)
  (func $even (export "even") (type $step)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1))
      (i64.add (local.get 1) (i64.const 2)) (i32.const 1))))
