;;! exit 134
;;! stderr call stack exhausted
;; Neither function returns, so that what calls them needs no code behind the call; they take stack all the same.
(module
  (global $count (mut i32) (i32.const 0))
  (func $even (global.set $count (i32.add (global.get $count) (i32.const 1))) (call $odd) (unreachable))
  (func $odd (loop $again (call $even) (br $again)))
  (func (export "_start") (call $even)))
