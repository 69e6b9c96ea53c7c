;;! build --timeout 100ms
;;! exit 134
;;! stderr wasmaot: trap: interrupt: the time is up (--timeout 100ms)
(module (func (export "_start") (loop $l (br $l))))
