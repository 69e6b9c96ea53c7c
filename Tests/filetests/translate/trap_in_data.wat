;; Element segments and the first data segment are written; an empty segment just past the end traps too.
(module
  (table 3 funcref)
  (memory 1)
  (func $f)
  (elem (i32.const 3) func)
  (elem (i32.const 0) func $f)
  (data (i32.const 65536) "")
  (data (i32.const 0) "first")
  (data (i32.const 65537) "")
  (data (i32.const 5) "never"))
