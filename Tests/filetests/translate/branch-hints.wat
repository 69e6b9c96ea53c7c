(module
  (func (export "hints") (param i32) (result i32)
    (block
      (@metadata.code.branch_hint "\01") (br_if 0 (local.get 0))
      (@metadata.code.branch_hint "\00")
      (if (local.get 0) (then (br 1)))
      (br_if 0 (local.get 0)))
    (block
      (br 0)
      ;; Never reached: not looked for.
      (@metadata.code.branch_hint "\01") (br_if 0 (local.get 0)))
    (block
      (@metadata.code.branch_hint "\01") (br_if 0 (local.get 0)))
    (i32.const 1)))
