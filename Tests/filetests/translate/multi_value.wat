;; More than one result, of blocks and of functions.
(module
  (type $pair (func (result i32 i64)))
  (func $two (result i32 i64) (i32.const 1) (i64.const 2))

  (func $call_two (result i64) (local $x i64)
    (call $two)
    (local.set $x)
    (drop)
    (local.get $x))

  (func $block_results (param i32) (result i32 i64)
    (block (type $pair)
      (i32.const 1) (i64.const 2)
      (br_if 0 (local.get 0))
      (drop) (drop)
      (call $two)))

  (func $block_params (param i32 i32) (result i32)
    (local.get 0) (local.get 1)
    (block (param i32 i32) (result i32) (i32.add)))

  (func $return_two (param i32) (result i32 i64)
    (i64.const 9)
    (return (call $two))))
