;;! build --invoke f
;;! stdout 2
;;! stdout 1
;;! stdout 0
;;! stdout 2
(module
  (memory 1 1 shared)
  ;; Nobody notifies: it times out. Another value: at once. Nobody waits.
  (func (export "f") (result i32 i32 i32 i32)
    (memory.atomic.wait32 (i32.const 8) (i32.const 0) (i64.const 1000000))
    (memory.atomic.wait64 (i32.const 8) (i64.const 5) (i64.const -1))
    (memory.atomic.notify (i32.const 8) (i32.const -1))
    (memory.atomic.wait64 (i32.const 16) (i64.const 0) (i64.const 0))))
