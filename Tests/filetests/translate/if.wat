;; Every form of `if`, with parameters and results.
(module
  (type $swap (func (param i32 i64) (result i64 i32)))
  (type $same (func (param i32) (result i32)))
  (global $g (mut i32) (i32.const 0))

  (func $then_only (param i32)
    (if (local.get 0) (then (global.set $g (i32.const 1)))))

  (func $both (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 2))))

  (func $local_in_both (param i32) (result i32)
    (local $x i32)
    (if (local.get 0)
      (then (local.set $x (i32.const 1)))
      (else (local.set $x (i32.const 2))))
    (local.get $x))

  ;; Without an `else`, parameters are results.
  (func $params_pass (param i32) (result i32)
    (local.get 0)
    (local.get 0)
    (if (type $same) (then (i32.const 1) (i32.add))))

  (func $params_and_results (param i32 i64) (result i64 i32)
    (local.get 0)
    (local.get 1)
    (i32.const 1)
    (if (type $swap)
      (then (i64.extend_i32_u (global.get $g)) (i64.add) (drop) (drop) (i64.const 1) (i32.const 2))
      (else (drop) (drop) (i64.const 3) (i32.const 4))))

  (func $then_returns (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1))))
    (i32.const 2))

  (func $else_returns (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.const 1)) (else (return (i32.const 2)))))

  (func $both_return (param i32) (result i32)
    (if (local.get 0) (then (return (i32.const 1))) (else (return (i32.const 2))))
    (unreachable))

  (func $branch_in_then (param i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (br_if 0 (i32.const 1) (local.get 1)) (drop) (i32.const 2))
      (else (i32.const 3))))

  (func $nested (param i32 i32) (result i32)
    (if (result i32) (local.get 0)
      (then (if (result i32) (local.get 1) (then (i32.const 1)) (else (i32.const 2))))
      (else (if (result i32) (local.get 1) (then (i32.const 3)) (else (i32.const 4)))))))
