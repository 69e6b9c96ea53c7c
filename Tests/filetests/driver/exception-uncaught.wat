;;! exit 134
;;! stderr wasmaot: uncaught exception: tag oops
;;! stderr thrown in:
;;! stderr 0: 
(module
  (tag $oops (param i32))
  (func $inner (throw $oops (i32.const 7)))
  (func $outer (call $inner))
  (func (export "_start") (call $outer)))
