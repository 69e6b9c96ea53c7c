;; What exceptions cost. bench/run puts in how often (COUNT), through how many frames (DEPTH), and how it ends:
;; END is a throw, or a return that nothing catches.
(module
  (tag $error (param i32))
  (global $calls (mut i32) (i32.const 0))
  (func $descend (param $n i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.eqz (local.get $n)) (then END))
    ;; Work behind the call: neither a tail call nor a loop.
    (i32.add (i32.rotl (call $descend (i32.sub (local.get $n) (i32.const 1))) (i32.const 1)) (local.get $n)))
  (func (export "_start") (local $i i32) (local $sum i32)
    (loop $again
      (block $done
        (block $caught (result i32)
          (try_table (catch $error $caught)
            (local.set $sum (i32.add (local.get $sum) (call $descend (i32.const DEPTH)))))
          (br $done))
        (local.set $sum (i32.add (local.get $sum))))
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const COUNT))))
    (if (i32.eq (local.get $sum) (i32.const 12345)) (then (unreachable)))))
