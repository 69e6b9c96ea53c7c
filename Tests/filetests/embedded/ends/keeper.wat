;; Keeps what others threw.
(module
  (type $read (func (result i32)))
  (import "host" "function" (tag $function (param funcref)))
  (import "host" "exception" (tag $exception (param exnref)))
  (import "host" "call" (func $call))
  (global $kept (mut exnref) (ref.null exn))
  (table $functions 1 funcref)

  ;; Keeps the exception that is in the one that the host throws.
  (func (export "keep")
    (block $caught (result exnref)
      (try_table (catch $exception $caught) (call $call))
      (unreachable))
    (global.set $kept))

  ;; Calls the function that is in the exception.
  (func (export "call kept") (result i32)
    (table.set $functions (i32.const 0)
      (block $caught (result funcref)
        (try_table (catch $function $caught) (throw_ref (global.get $kept)))
        (unreachable)))
    (call_indirect $functions (type $read) (i32.const 0)))

  ;; Never lets the host's exceptions go.
  (func (export "keep all")
    (loop $again
      (block $caught (result exnref)
        (try_table (catch_all_ref $caught) (call $call))
        (unreachable))
      (global.set $kept)
      (br $again)))

  (func (export "call and spin")
    (call $call)
    (loop $again (br $again)))

  (func (export "call") (call $call)))
