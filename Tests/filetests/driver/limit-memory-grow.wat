;;! build --max-memory 256K --invoke f
;;! stdout 1
;;! stdout -1
;;! stdout 1
;;! stdout -1
;;! stdout 2
;; Of both memories together: one page is left.
(module
  (memory $a 1) (memory $b 1)
  (func (export "f") (result i32 i32 i32 i32 i32)
    (memory.grow $a (i32.const 1))
    (memory.grow $b (i32.const 2))
    (memory.grow $b (i32.const 1))
    (memory.grow $a (i32.const 1))
    (memory.size $b)))
