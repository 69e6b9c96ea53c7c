;;! exit 134
;;! stderr call stack exhausted
;; A frame of many values that live across the call: it must not step over the guard.
(module
  (func $down (param v128 v128 v128 v128) (result v128)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128)
    (local.set 4 (i32x4.add (local.get 0) (local.get 1)))
    (local.set 5 (i32x4.sub (local.get 1) (local.get 2)))
    (local.set 6 (i32x4.mul (local.get 2) (local.get 3)))
    (local.set 7 (i32x4.add (local.get 4) (local.get 6)))
    (local.set 8 (i32x4.sub (local.get 5) (local.get 7)))
    (local.set 9 (i32x4.mul (local.get 6) (local.get 8)))
    (call $down (local.get 4) (local.get 5) (local.get 6) (local.get 7))
    (i32x4.add (local.get 8))
    (i32x4.add (local.get 9))
    (i32x4.add (local.get 4))
    (i32x4.sub (local.get 5))
    (i32x4.add (local.get 6))
    (i32x4.sub (local.get 7)))
  (func (export "_start")
    (drop (call $down (v128.const i64x2 1 2) (v128.const i64x2 3 4) (v128.const i64x2 5 6) (v128.const i64x2 7 8)))))
