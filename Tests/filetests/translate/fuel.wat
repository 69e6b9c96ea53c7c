;; fuel
(module
  (memory 1)
  (type $none (func))
  (func $empty)
  (func $straight (param i32) (drop (i32.const 1)) (call $empty) (nop))
  (func $if (param i32) (if (local.get 0) (then (call $empty)) (else)) (drop (i32.const 1)))
  (func $loop (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $outer (loop (loop (br 1))))
  (func $unreached (block (br 0) (call $empty) (block (call $empty)) (call $empty)) (call $empty))
  (func $null (param (ref null $none)) (block (call_ref $none (br_on_null 0 (local.get 0))) (call $empty)))
  (tag $t)
  (func $catch (block $h (try_table (catch $t $h) (call $empty)) (call $empty)) (call $empty))
  (func $legacy try call $empty catch $t call $empty end call $empty))
