;;! build --invoke get
;;! stdout 1684234849
;; Later segments are written over earlier ones: "abcd".
(module
  (memory 1)
  (data (i32.const 0) "xxxx")
  (data (i32.const 1) "bcyy")
  (data (i32.const 0) "a")
  (data (i32.const 3) "d")
  (func (export "get") (result i32) (i32.load (i32.const 0))))
