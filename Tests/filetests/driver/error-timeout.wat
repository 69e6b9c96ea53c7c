;;! build --timeout 0
;;! fails 2
;;! stderr --timeout '0' is not a duration
(module (func (export "_start")))
