;;! exit 134
;;! stderr unreachable
(module
  (start $f)
  (func $f unreachable)
  (func (export "_start")))
