;;! build --invoke get
;;! stdout 513
;;! stdout 2
;;! stdout 1
(module
  (memory $a 1)
  (memory $b 1)
  (data (memory $a) (i32.const 0) "\01\02")
  (func (export "get") (result i32 i32 i32)
    (memory.copy $b $a (i32.const 100) (i32.const 0) (i32.const 2))
    (i32.store8 $a (i32.const 0) (i32.const 0))
    (drop (memory.grow $b (i32.const 1)))
    (i32.load16_u $b (i32.const 100))
    (memory.size $b)
    (memory.size $a)))
