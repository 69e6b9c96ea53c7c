;;! build --invoke ad
;;! fails 1
;;! stderr has no export 'ad'
;;! stderr did you mean 'add'?
(module
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
