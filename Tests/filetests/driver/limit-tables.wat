;;! build --invoke f
;;! stdout 0
;;! stdout 0
;;! stdout -1
;; 10,000,000 entries, which all tables share.
(module
  (table $a 0 externref) (table $b 0 externref)
  (func (export "f") (result i32 i32 i32)
    (table.grow $a (ref.null extern) (i32.const 10))
    (table.grow $b (ref.null extern) (i32.const 10))
    (table.grow $b (ref.null extern) (i32.const 9999990))))
