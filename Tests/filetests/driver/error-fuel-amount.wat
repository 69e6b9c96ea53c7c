;;! build --fuel 9223372036854775808
;;! fails 2
;;! stderr is not an amount of fuel
(module (func (export "_start")))
