;; More arguments than registers, between functions with different numbers of them, a million deep; and calls that are
;; none in the same functions.
;;! build --invoke run
;;! stdout 1000005
;;! stdout 500000500000
(module
  (global $calls (mut i64) (i64.const 0))
  (func $count (param i64) (global.set $calls (i64.add (global.get $calls) (local.get 0))))
  (func $many (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (local.get 9))))
    (call $count (i64.extend_i32_u (local.get 0)))
    (return_call $few (local.get 0) (local.get 9)))
  (func $few (param i32 i32) (result i32)
    (return_call $many (i32.sub (local.get 0) (i32.const 1)) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.add (local.get 1) (i32.const 1))))
  (func (export "run") (result i32 i64)
    (call $many (i32.const 1000000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 5))
    (global.get $calls)))
