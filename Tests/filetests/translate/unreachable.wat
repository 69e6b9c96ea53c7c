;; What follows an unconditional branch is skipped: it has no values.
(module
  (func $f (param i32) (result i32) (local.get 0))

  (func $polymorphic_operands (result i32)
    (unreachable)
    (i32.add)
    (call $f))

  (func $nested_blocks_are_skipped (result i32)
    (return (i32.const 1))
    (block (result i32)
      (loop (br 0))
      (if (result i32) (i32.const 1) (then (i32.const 2)) (else (i32.const 3)))
      (br_table 0 1 0 (i32.const 4)))
    (drop)
    (i32.const 5))

  ;; The then-branch ends unreached, the else-branch is reached.
  (func $else_after_unreachable (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (unreachable) (block (if (i32.const 1) (then) (else))))
      (else (i32.const 1))))

  (func $end_of_block_is_reached_by_branch (param i32) (result i32)
    (block (result i32)
      (br_if 0 (i32.const 1) (local.get 0))
      (unreachable)))

  (func $end_of_block_is_not_reached (result i32)
    (block (unreachable))
    (i32.const 1))

  (func $loop_end_not_reached (param i32) (result i32)
    (loop (br 0))
    (i32.const 1))

  (func $after_br (result i32)
    (block (br 0) (drop) (i64.const 1) (drop))
    (i32.const 1))

  (func $after_br_table (param i32)
    (block (br_table 0 0 (local.get 0)) (drop)))

  (func $if_in_unreachable_code (result i32)
    (unreachable)
    (if (result i32) (then (i32.const 1)) (else (i32.const 2)))))
