;;! build --runtime-grants --count-fuel
;;! run --fuel=2000
;;! exit 134
;;! stderr all fuel consumed by WebAssembly (--fuel 2000)
(module (func (export "_start") (loop $l (br $l))))
