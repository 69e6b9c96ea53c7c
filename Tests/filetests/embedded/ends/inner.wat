;; Never starts: it throws an exception in an exception.
(module
  (import "host" "exception" (tag $exception (param exnref)))
  (tag $own)
  (func $start
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (throw $own))
      (unreachable))
    (throw $exception))
  (start $start))
