;;! build --max-memory 128K --invoke f
;;! stdout -1
;;! stdout 1
;;! stdout -1
;;! stdout -1
;; 16 bytes an entry: half of what is left beside the memory, and then there is no room for a page.
(module
  (memory 1) (table $t 1 funcref) (table $e 1 externref)
  (func (export "f") (result i32 i32 i32 i32)
    (table.grow $t (ref.null func) (i32.const 4097))
    (table.grow $t (ref.null func) (i32.const 2048))
    (table.grow $e (ref.null extern) (i32.const 4097))
    (memory.grow (i32.const 1))))
