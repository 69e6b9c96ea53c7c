;;! fails 1
;;! stderr wasi_snapshot_preview1.fd_wrte
;;! stderr did you mean 'fd_write'?
(module
  (import "wasi_snapshot_preview1" "fd_wrte" (func (param i32 i32 i32 i32) (result i32)))
  (func (export "_start")))
