;; Operators on tables and element segments.
(module
  (table $f 2 10 funcref)
  (table $e 0 externref)
  (func $g)
  (elem $passive func $g $g)
  (elem $expressions funcref (ref.func $g) (ref.null func))

  (func $entries (param i32 externref) (result externref)
    (table.set $f (local.get 0) (table.get $f (i32.const 1)))
    (table.set $e (local.get 0) (local.get 1))
    (table.get $e (local.get 0)))

  (func $whole (param i32 i32 i32 externref) (result i32)
    (table.fill $e (local.get 0) (local.get 3) (local.get 2))
    (table.copy $f $f (local.get 0) (local.get 1) (local.get 2))
    (table.init $f $expressions (local.get 0) (local.get 1) (local.get 2))
    (elem.drop $passive)
    (drop (table.grow $f (ref.null func) (local.get 0)))
    (table.size $e)))
