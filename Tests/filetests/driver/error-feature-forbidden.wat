;;! build -W simd=n
;;! fails 1
;;! stderr simd
(module (func (export "_start") (drop (v128.const i64x2 0 0))))
