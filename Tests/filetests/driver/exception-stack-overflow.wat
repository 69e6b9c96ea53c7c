;; Each frame throws and catches: the stack ends in the runtime, on the way to a handler, most of the time.
;;! exit 134
;;! stderr wasmaot: trap: call stack exhausted
;;! stderr wasm backtrace:
;;! stderr 0: 
(module
  (tag $e (param i32))
  (func $throw (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 7))))
    (call $throw (i32.sub (local.get 0) (i32.const 1))))
  (func $deeper (param i32) (result i32)
    (block $caught (result i32)
      (try_table (catch $e $caught) (call $throw (i32.const 1)))
      (i32.const 1))
    (i32.add (call $deeper (i32.add (local.get 0) (i32.const 1)))))
  (func (export "_start") (drop (call $deeper (i32.const 0)))))
