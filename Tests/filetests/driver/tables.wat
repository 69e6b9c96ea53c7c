;;! build --invoke get
;;! stdout 11
;;! stdout 12
;;! stdout 4
;;! stdout 12
;; A table that never changes, and one that does.
(module
  (type $t (func (result i32)))
  (table $fixed funcref (elem $a $b))
  (table $changed 3 funcref)
  (elem $e func $b)
  (func $a (type $t) (i32.const 11))
  (func $b (type $t) (i32.const 12))
  (func (export "get") (result i32 i32 i32 i32)
    (table.set $changed (i32.const 0) (ref.func $a))
    (drop (table.grow $changed (ref.null func) (i32.const 1)))
    (table.init $changed $e (i32.const 3) (i32.const 0) (i32.const 1))
    (call_indirect $changed (type $t) (i32.const 0))
    (call_indirect $fixed (type $t) (i32.const 1))
    (table.size $changed)
    (call_indirect $changed (type $t) (i32.const 3))))
