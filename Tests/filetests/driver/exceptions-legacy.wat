;;! build --invoke run
;;! run 0
;;! stdout 123
;; rethrow twice: the object must outlive the first handler that gets it.
(module
  (tag $e (param i32))
  (func $thrower (throw $e (i32.const 23)))
  (func $twice
    try
      call $thrower
    catch_all
      try
        rethrow 1
      catch $e
        drop
      end
      ;; Takes the memory of whatever was freed too early.
      try
        i32.const 666
        throw $e
      catch $e
        drop
      end
      try
        i32.const 667
        throw $e
      catch $e
        drop
      end
      rethrow 0
    end)
  (func (export "run") (param i32) (result i32)
    try (result i32)
      try
        try
          call $twice
        delegate 1
      catch_all
        unreachable
      end
      i32.const 0
    catch $e
      i32.const 100
      i32.add
    end))
