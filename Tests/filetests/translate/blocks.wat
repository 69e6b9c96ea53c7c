;; Blocks: a block behind the `end` exists only where a branch goes to it.
(module
  (func $falls_through (result i32)
    (block (result i32) (i32.const 1)))

  (func $branch_with_value (param i32) (result i32)
    (block (result i32)
      (br_if 0 (i32.const 1) (local.get 0))
      (drop)
      (i32.const 2)))

  (func $branch_out_of_two (param i32) (result i32)
    (block $outer (result i32)
      (block $inner
        (br_if $inner (local.get 0))
        (br $outer (i32.const 1)))
      (i32.const 2)))

  ;; Operands below the branch's arguments are dropped.
  (func $excess_operands (result i32)
    (block (result i32)
      (i32.const 1) (i32.const 2) (i32.const 3)
      (br 0)))

  (func $label_of_function (param i32) (result i32)
    (br_if 0 (i32.const 7) (local.get 0))
    (drop)
    (i32.const 8))

  (func $empty))
