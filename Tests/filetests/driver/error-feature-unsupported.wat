;;! fails 1
;;! stderr memory64
;;! stderr does not support memory64 yet
(module (memory i64 1) (func (export "_start")))
