;;! build --invoke all
;;! stdout 77
;;! stdout 77
;;! stdout 88
;;! stdout 88
;;! stdout 77
;;! stdout 5
;;! stdout 77
;;! stdout 77
;;! stdout 77
;;! stdout 77
;;! stdout 4
;;! stdout 3
;; A branch to the function's label with one vector: what falls through still has it.
(module
  (type $t (func (result v128)))
  (elem declare func $one)
  (func $one (type $t) (v128.const i64x2 4 4))
  (func $br_if (param v128 i32) (result v128)
    local.get 0
    local.get 1
    br_if 0)
  (func $changed (param v128 i32) (result v128)
    local.get 0
    local.get 1
    br_if 0
    drop
    (v128.const i64x2 5 6))
  (func $kept (param v128 i32) (result v128)
    local.get 0
    local.get 1
    br_if 0
    (local.set 0 (v128.const i64x2 5 6)))
  (func $on_null (param v128 (ref null $t)) (result v128)
    local.get 0
    local.get 1
    br_on_null 0
    drop)
  (func $on_null_call (param v128 (ref null $t)) (result v128)
    local.get 0
    local.get 1
    br_on_null 0
    call_ref $t
    (local.set 0)
    drop
    local.get 0)
  (func $table (param v128 i32) (result v128)
    (block (result v128)
      local.get 0
      (br_table 0 1 (local.get 1)))
    drop
    (v128.const i64x2 3 3))
  (func (export "all")
    (result i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (local $v v128)
    (local.set $v (v128.const i64x2 77 88))
    ;; Frames are where others have been.
    (drop (call $changed (v128.const i64x2 1 2) (i32.const 0)))
    (i64x2.extract_lane 0 (call $br_if (local.get $v) (i32.const 0)))
    (i64x2.extract_lane 0 (call $br_if (local.get $v) (i32.const 1)))
    (i64x2.extract_lane 1 (call $br_if (local.get $v) (i32.const 0)))
    (i64x2.extract_lane 1 (call $br_if (local.get $v) (i32.const 1)))
    (i64x2.extract_lane 0 (call $changed (local.get $v) (i32.const 1)))
    (i64x2.extract_lane 0 (call $changed (local.get $v) (i32.const 0)))
    (i64x2.extract_lane 0 (call $kept (local.get $v) (i32.const 0)))
    (i64x2.extract_lane 0 (call $on_null (local.get $v) (ref.null $t)))
    (i64x2.extract_lane 0 (call $on_null (local.get $v) (ref.func $one)))
    (i64x2.extract_lane 0 (call $on_null_call (local.get $v) (ref.null $t)))
    (i64x2.extract_lane 0 (call $on_null_call (local.get $v) (ref.func $one)))
    (i64x2.extract_lane 0 (call $table (local.get $v) (i32.const 0)))))
