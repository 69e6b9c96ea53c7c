;;! exit 134
;;! stderr integer overflow
(module
  (global $x (mut i64) (i64.const -1))
  (func (export "_start")
    (drop (i64.div_s (i64.const 0x8000000000000000) (global.get $x)))))
