;;! build --timeout=2
;;! exit 134
;;! stderr interrupt: the time is up (--timeout 2s)
;;! stderr 0: begin
(module
  (func $begin (loop $l (br $l)))
  (start $begin)
  (func (export "_start")))
