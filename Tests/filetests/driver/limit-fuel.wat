;;! build --fuel 1000
;;! exit 134
;;! stderr wasmaot: trap: all fuel consumed by WebAssembly (--fuel 1000)
(module (func (export "_start") (loop $l (br $l))))
