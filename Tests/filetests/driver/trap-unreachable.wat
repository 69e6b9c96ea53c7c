;;! exit 134
;;! stderr unreachable
(module
  (func (export "_start")
    unreachable))
