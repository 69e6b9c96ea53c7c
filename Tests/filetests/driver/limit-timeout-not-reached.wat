;;! build --timeout 1h --max-memory 64K --max-stack 64K --fuel 5
(module (memory 1) (func (export "_start")))
