;;! seed 7000725
;; Every second word up to the end of the memory is loaded, by vectors, and then the loop is left before it loads again:
;; as it is, and for operators that LLVM applies to whole vectors, in front of the shuffle.
(module
  (memory 1 1)
  (data (i32.const 100) "\40\00\00\00")
  (func $copy (param $count i32) (result i32)
    (local $from i32)
    (local $turn i32)
    (local.set $from (i32.const 65028))
    (block $out
      (loop $next
        (br_if $out (i32.eq (local.get $turn) (local.get $count)))
        (i32.store
          (i32.add (i32.const 8192) (i32.shl (local.get $turn) (i32.const 2)))
          (i32.load (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br_if $next
          (i32.ne (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const 1000)))))
    (local.get $turn))
  (func (export "copy") (result i32) (call $copy (i32.load (i32.const 100))))
  (func $square (param $count i32) (result i32)
    (local $from i32)
    (local $turn i32)
    (local $x i32)
    (local.set $from (i32.const 65028))
    (block $out
      (loop $next
        (br_if $out (i32.eq (local.get $turn) (local.get $count)))
        (i32.store
          (i32.add (i32.const 8192) (i32.shl (local.get $turn) (i32.const 2)))
          (i32.mul (local.tee $x (i32.load (local.get $from))) (local.get $x)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br_if $next
          (i32.ne (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const 1000)))))
    (local.get $turn))
  (func (export "square") (result i32) (call $square (i32.load (i32.const 100))))
  (func $ones (param $count i32) (result i32)
    (local $from i32)
    (local $turn i32)
    (local $x i32)
    (local.set $from (i32.const 65028))
    (block $out
      (loop $next
        (br_if $out (i32.eq (local.get $turn) (local.get $count)))
        (i32.store
          (i32.add (i32.const 8192) (i32.shl (local.get $turn) (i32.const 2)))
          (i32.popcnt (i32.load (local.get $from))))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br_if $next
          (i32.ne (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const 1000)))))
    (local.get $turn))
  (func (export "ones") (result i32) (call $ones (i32.load (i32.const 100))))
  (func $quotient (param $count i32) (result i32)
    (local $from i32)
    (local $turn i32)
    (local $x i32)
    (local.set $from (i32.const 65028))
    (block $out
      (loop $next
        (br_if $out (i32.eq (local.get $turn) (local.get $count)))
        (i32.store
          (i32.add (i32.const 8192) (i32.shl (local.get $turn) (i32.const 2)))
          (i32.div_u (i32.const 77) (i32.or (i32.load (local.get $from)) (i32.const 1))))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (br_if $next
          (i32.ne (local.tee $turn (i32.add (local.get $turn) (i32.const 1))) (i32.const 1000)))))
    (local.get $turn))
  (func (export "quotient") (result i32) (call $quotient (i32.load (i32.const 100)))))
