;;! build --fuel 1000
;;! fails 1
;;! stderr it starts threads
;;! stderr --timeout
(module
  (import "wasi" "thread-spawn" (func (param i32) (result i32)))
  (func (export "_start")))
