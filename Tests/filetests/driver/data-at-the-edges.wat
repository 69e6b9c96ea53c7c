;;! build --invoke sum
;;! stdout 1280
;; The first and the last bytes of a memory, and both sides of a page boundary.
(module
  (memory 2)
  (data (i32.const 0) "\01\ff")
  (data (i32.const 4095) "\ff\01")
  (data (i32.const 65535) "\ff\01")
  (data (i32.const 131070) "\ff\ff")
  (data (i32.const 131072) "")
  (func (export "sum") (result i32) (local $i i32) (local $s i32)
    (loop $next
      (local.set $s (i32.add (local.get $s) (i32.load8_u (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 131072))))
    (i32.add (local.get $s) (i32.const 2))))
