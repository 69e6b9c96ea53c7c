;; Calls, indirect calls, tail calls.
(module
  (type $binary (func (param i32 i64) (result i32)))
  ;; The same type under another index: one canonical signature.
  (type $again (func (param i32 i64) (result i32)))
  (table $a 4 4 funcref)
  (table $b 1 funcref)

  (func $callee (type $binary) (local.get 0))
  (func $nothing)

  (func $calls (result i32)
    (call $nothing)
    (call $callee (i32.const 1) (i64.const 2)))

  (func $indirect (param i32) (result i32)
    (call_indirect $b (type $binary) (i32.const 1) (i64.const 2) (local.get 0))
    (drop)
    (call_indirect $a (type $again) (i32.const 3) (i64.const 4) (local.get 0)))

  (func $tail (result i32)
    (return_call $callee (i32.const 1) (i64.const 2)))

  (func $tail_indirect (param i32) (result i32)
    (return_call_indirect $b (type $again) (i32.const 1) (i64.const 2) (local.get 0)))

  (func $code_after_tail_call (result i32)
    (block (result i32)
      (return_call $callee (i32.const 1) (i64.const 2))
      (unreachable))))
