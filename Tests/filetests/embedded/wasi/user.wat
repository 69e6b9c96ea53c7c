(module
  ;; Another instance's function of WASI, which works on that one's memory.
  (import "plugin" "sizes" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "count") (param i32) (result i32) (call $sizes (local.get 0) (i32.const 4))))
