;;! exit 134
;;! stderr indirect call type mismatch
;; The two types are one to the backend; a funcref that reaches $takes-f would be called as what it is not.
(module
  (type $f (func (param i64 i64 i64) (result i32)))
  (type $takes-any (func (param funcref)))
  (type $takes-f (func (param (ref $f))))
  (table $t 2 funcref)
  (elem (i32.const 0) $nothing $takes-f)
  (global $i (mut i32) (i32.const 1))
  (func $nothing)
  (func $takes-f (type $takes-f)
    (drop (call_ref $f (i64.const 1) (i64.const 2) (i64.const 3) (local.get 0))))
  (func (export "_start")
    (call_indirect (type $takes-any) (ref.func $nothing) (global.get $i))))
