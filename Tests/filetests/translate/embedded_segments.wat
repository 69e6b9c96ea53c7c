;; model: embedded
;; Segments become initial contents as long as nothing before them may trap.
(module
  (import "env" "base" (global $base i32))
  (memory (export "memory") 1)
  (table (export "table") 4 funcref)
  (table 4 4 externref)
  (elem (table 0) (i32.const 1) func 0)
  (elem (table 1) (i32.const 0) externref (ref.null extern))
  (data (i32.const 100) "image")
  (data (i32.const 65535) "too far")
  (data (i32.const 200) "behind it")
  (func))
