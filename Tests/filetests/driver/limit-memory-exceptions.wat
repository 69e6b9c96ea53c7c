;;! build --max-memory 1M
;;! exit 134
;;! stderr out of memory for exceptions
;; References in a table keep them.
(module
  (tag $t (param i64 i64 i64))
  (table $kept 20000 exnref)
  (func (export "_start") (local $i i32)
    (loop $l
      (table.set $kept (local.get $i)
        (block $h (result exnref)
          (try_table (catch_all_ref $h) (throw $t (i64.const 1) (i64.const 2) (i64.const 3)))
          (unreachable)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 20000))))))
