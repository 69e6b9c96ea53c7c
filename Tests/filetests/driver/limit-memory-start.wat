;;! build --max-memory 100000
;;! exit 1
;;! stderr wasmaot: the program's memories start with 131072 bytes, which is more than --max-memory 100000
(module (memory 1) (memory 1) (func (export "_start")))
