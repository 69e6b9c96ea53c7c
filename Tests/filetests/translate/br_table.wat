;; br_table: equal targets share one block call.
(module
  (func $switch (param i32) (result i32)
    (block $default
      (block $one
        (block $zero
          (br_table $zero $one $zero $default (local.get 0)))
        (return (i32.const 10)))
      (return (i32.const 11)))
    (i32.const 12))

  (func $with_values (param i32) (result i32)
    (block $a (result i32)
      (block $b (result i32)
        (br_table $a $b $a (i32.const 1) (local.get 0)))
      (i32.const 2)
      (i32.add)))

  (func $only_default (param i32)
    (block (br_table 0 (local.get 0))))

  (func $to_loop_and_function (param i32)
    (loop $l
      (br_table $l 1 (local.get 0)))))
