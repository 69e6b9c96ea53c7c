;;! build --runtime-grants
;;! run --fuel 10
;;! exit 2
;;! stderr does not count fuel (build it with --count-fuel)
(module (func (export "_start")))
