;; Exceptions: landings behind calls, clauses of try_table, throws that are jumps.
(module
  (tag $imported (import "env" "tag") (param i32))
  (tag $imported2 (import "env" "tag2") (param i32))
  (type $pair (func (param i32 f64)))
  (tag $pair (export "pair") (type $pair))
  (tag $none)
  (func $callee (param i32) (result i32)
    (if (local.get 0) (then (throw $pair (local.get 0) (f64.const 1))))
    (i32.const 5))

  (func (export "uncaught") (result i32) (call $callee (i32.const 1)))

  (func (export "caught") (param i32) (result i32) (local $n i32)
    (local.set $n (i32.const 1))
    (block $all
      (block $pair (result i32 f64)
        (try_table (result i32) (catch $pair $pair) (catch_all $all)
          (local.set $n (i32.const 2))
          (call $callee (local.get 0))
          (local.set $n (i32.const 3)))
        (return))
      (drop)
      (return))
    (local.get $n))

  (func (export "refs") (param i32) (result exnref)
    (block $all (result exnref)
      (block $pair (result i32 f64 exnref)
        (try_table (catch_ref $pair $pair) (catch_all_ref $all)
          (drop (call $callee (local.get 0))))
        (return (ref.null exn)))
      (throw_ref)))

  ;; The handler is known: no exception is made.
  (func (export "jump") (result i32)
    (block $none
      (block $pair (result i32 f64)
        (try_table (catch $pair $pair)
          (try_table (catch $none $none)
            (throw $pair (i32.const 3) (f64.const 4))))
        (unreachable))
      (drop)
      (return))
    (i32.const 0))

  ;; It takes the exception itself.
  (func (export "jump_ref") (result exnref)
    (block $pair (result i32 f64 exnref)
      (try_table (catch_ref $pair $pair)
        (throw $pair (i32.const 3) (f64.const 4)))
      (unreachable))
    (return))

  ;; Two imports may be one tag: who knows only when it runs.
  (func (export "imported") (result i32)
    (block $h (result i32)
      (try_table (catch $imported2 $h)
        (throw $imported (i32.const 3)))
      (unreachable)))

  ;; Leaves the try.
  (func (export "tail") (param i32) (result i32)
    (block $all
      (try_table (catch_all $all) (return_call $callee (local.get 0))))
    (i32.const 0)))
