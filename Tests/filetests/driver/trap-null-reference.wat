;;! exit 134
;;! stderr trap: null reference
(module
  (type $f (func))
  (global $r (mut (ref null $f)) (ref.null $f))
  (func (export "_start") (call_ref $f (global.get $r))))
