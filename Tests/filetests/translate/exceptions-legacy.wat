;; The legacy proposal: try, catch, catch_all, delegate, rethrow.
(module
  (tag $i (param i32))
  (tag $none)
  (func $callee (param i32) (throw $i (local.get 0)))

  (func (export "catch") (result i32)
    try (result i32)
      i32.const 1
      call $callee
      i32.const 2
    catch $i
    catch $none
      i32.const 3
    catch_all
      i32.const 4
    end)

  (func (export "rethrow") (result i32)
    try (result i32)
      i32.const 1
      call $callee
      i32.const 2
    catch_all
      try
        rethrow 1
      catch $none
      end
      rethrow 0
    end)

  (func (export "delegate") (result i32)
    try $outer (result i32)
      try $inner
        try
          i32.const 1
          call $callee
        delegate $outer
      catch_all
      end
      i32.const 2
    catch $i
    end)

  (func (export "delegate_to_caller")
    try
      try
        i32.const 1
        call $callee
      delegate 1
    catch_all
    end)

  (func (export "unreachable_clauses") (result i32)
    try (result i32)
      i32.const 7
    catch $i
    catch_all
      i32.const 8
    end)

  (func (export "throw_inside")
    try
      i32.const 7
      throw $i
    catch $i
      drop
    end))
