;;! seed 13006269
;; What the list of an exception's fields is found by is a larger number than that of any value.
(module (memory $m0 1 1)
  (tag $t (param i32))
  (func $f (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32))
  (func (export "f") (param i32)
    (call $f (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0)
      (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0) (local.get 0))
    (throw $t (local.get 0))))
