;;! seed 7000725
;; Every second word is loaded, by vectors, until a check fails: the last vector must not end behind the memory.
(module
  (func $log-i32 (param i32))
  (memory $m0 1 3 shared)
  (func $h3
    (export "f3")
    (result i32)
    (local $v9 i32)
    (local $v11 i32)
    (local.set $v11 (i32.const 65408))
    (local.set $v9 (i32.const 17))
    (loop $l10
      (i32.store8 $m0
        (i32.and (i32.add (local.get $v11) (i32.const 4096)) (i32.const 32764))
        (i32.load $m0 offset=33 (local.get $v11)))
      (local.set $v11 (i32.add (local.get $v11) (i32.const 8)))
      (br_if $l10 (local.tee $v9 (i32.sub (local.get $v9) (i32.const 1)))))
    (if (i32.const 2623) (then (call $log-i32 (memory.grow $m0 (i32.const 0)))))
    (i32.const 0)))
