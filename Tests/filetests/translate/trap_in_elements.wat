;; The first segment is written, the second does not fit, nothing behind it is written.
(module
  (table 3 funcref)
  (memory 1)
  (func $f)
  (elem (i32.const 0) func $f)
  (elem (i32.const 2) func $f $f)
  (elem (i32.const 1) func $f)
  (data (i32.const 0) "never"))
