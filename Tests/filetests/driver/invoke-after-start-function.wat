;;! build --invoke get
;;! stdout 7
(module
  (global $g (mut i32) (i32.const 0))
  (start $s)
  (func $s (global.set $g (i32.const 7)))
  (func (export "get") (result i32) (global.get $g)))
