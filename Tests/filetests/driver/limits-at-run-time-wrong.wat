;;! build --runtime-grants
;;! run --timeout 10x
;;! exit 2
;;! stderr not a duration, such as 500ms, 2s or 1m: 10x
;;! stderr --max-memory SIZE
(module (func (export "_start")))
