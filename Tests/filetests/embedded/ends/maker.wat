;; What it throws leads to its function, which reads its global.
(module
  (import "host" "function" (tag $function (param funcref)))
  (import "host" "exception" (tag $exception (param exnref)))
  (global $number (export "number") (mut i32) (i32.const 42))
  (func $read (result i32) (global.get $number))
  (elem declare func $read)

  (func (export "throw function") (throw $function (ref.func $read)))

  ;; It has held the exception that it throws on.
  (func (export "throw exception")
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (throw $function (ref.func $read)))
      (unreachable))
    (throw $exception)))
