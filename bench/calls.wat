;; Nothing but calls: Fibonacci's numbers. ERROR is an error that never happens: a throw, which every call must then
;; be tested for, or a trap.
(module
  (tag $error)
  (func $fib (param $n i32) (result i32)
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then ERROR))
    (if (i32.lt_s (local.get $n) (i32.const 2)) (then (return (local.get $n))))
    (i32.add
      (call $fib (i32.sub (local.get $n) (i32.const 1)))
      (call $fib (i32.sub (local.get $n) (i32.const 2)))))
  (func (export "_start")
    (if (i32.ne (call $fib (i32.const 40)) (i32.const 102334155)) (then (unreachable)))))
