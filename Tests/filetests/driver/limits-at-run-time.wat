;;! build --runtime-grants --count-fuel --invoke f
;;! run --timeout 10s --fuel=2000 --max-memory 128K --max-stack=1M -- 7
;;! stdout 1
;;! stdout -1
;;! stdout 7
(module
  (memory 1)
  (func (export "f") (param i32) (result i32 i32 i32)
    (memory.grow (i32.const 1)) (memory.grow (i32.const 1)) (local.get 0)))
