(module
  (tag $error (export "error") (param i32 v128))
  (tag $private)
  (func (export "throw") (param i32) (throw $error (local.get 0) (v128.const i64x2 7 8)))
  (func (export "throw private") (throw $private))
  (func (export "catches its own") (result i32)
    (block $caught
      (try_table (catch $private $caught) (throw $private))
      (return (i32.const 1)))
    (i32.const 2)))
