;;! build --invoke grow
;;! stdout 1
;;! stdout -1
;;! stdout 3
;;! stdout 99
(module
  (memory 1 3)
  (func (export "grow") (result i32 i32 i32 i32)
    (memory.grow (i32.const 2))
    (memory.grow (i32.const 1))
    (memory.size)
    (i32.store (i32.const 196604) (i32.const 99))
    (i32.load (i32.const 196604))))
