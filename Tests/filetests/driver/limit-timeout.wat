;;! build --timeout 100ms
;;! exit 134
;;! stderr wasmaot: trap: interrupt: the time is up (--timeout 100ms)
;;! stderr 0: _start
(module (func (export "_start") (loop $l (br $l))))
