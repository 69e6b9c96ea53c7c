;; Loops: locals and loop parameters become parameters of the header.
(module
  (func $count_down (param i32)
    (loop $l
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (local.get 0))))

  (func $never_branched_to (param i32) (result i32)
    (loop (result i32) (local.get 0)))

  (func $unchanged_local (param i32 i32) (result i32)
    (loop $l
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $l (local.get 0)))
    (local.get 1))

  (func $params (param i32) (result i64)
    (i64.const 1)
    (local.get 0)
    (loop $l (param i64 i32) (result i64)
      (local.set 0)
      (i64.const 3)
      (i64.mul)
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (local.get 0)
      (br_if $l)
      (drop)))

  (func $while (param i32) (result i32)
    (local $sum i32)
    (block $done
      (loop $again
        (br_if $done (i32.eqz (local.get 0)))
        (local.set $sum (i32.add (local.get $sum) (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again)))
    (local.get $sum))

  (func $forever
    (loop $l (br $l)))

  (func $two_levels (param i32 i32) (result i32)
    (local $n i32)
    (loop $outer
      (loop $inner
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $inner (local.get 1))
        (br_if $outer (local.get 0))))
    (local.get $n)))
