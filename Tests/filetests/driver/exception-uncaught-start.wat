;;! exit 134
;;! stderr wasmaot: uncaught exception: tag 0
(module
  (tag)
  (func $f (throw 0))
  (start $f)
  (func (export "_start") (unreachable)))
