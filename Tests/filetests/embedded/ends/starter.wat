;; Never starts: it throws a reference to a function that it imports.
(module
  (import "host" "function" (tag $function (param funcref)))
  (import "host" "call" (func $call))
  (elem declare func $call)
  (func $start (throw $function (ref.func $call)))
  (start $start))
