;; Locals, globals, select, drop, constants, references.
(module
  (global $const i64 (i64.const -1))
  (global $var (mut f32) (f32.const 1.5))
  (global $ref (mut funcref) (ref.null func))
  (func $f)
  (elem declare func $f)

  ;; Locals start with zero or null; those that nothing reads make no constant.
  (func $defaults (result i32 i64 f32 f64 v128 funcref externref)
    (local i32 i64 f32 f64 v128 funcref externref i32 i64)
    (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6))

  (func $tee (param i32) (result i32)
    (local $x i32)
    (i32.mul (local.tee $x (i32.add (local.get 0) (i32.const 1))) (local.get $x)))

  (func $globals (result f32)
    (global.set $var (f32.add (global.get $var) (f32.const -0)))
    (drop (global.get $const))
    (global.get $var))

  (func $selects (param i32 f64 externref) (result f64)
    (drop (select (result externref) (local.get 2) (ref.null extern) (local.get 0)))
    (select (local.get 1) (f64.const nan:0x8000000000001) (local.get 0)))

  (func $references (param externref) (result i32)
    (global.set $ref (ref.func $f))
    (i32.or (ref.is_null (global.get $ref)) (ref.is_null (local.get 0)))))
