;;! exit 42
;; Growth of memories that have no reservation, inside the second wall where the kernel has it: the 64-bit ones always, the
;; other with explicit checks. Contents stay, new bytes are zero, and no memory grows into another.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory $m i64 1)
  (memory $n i64 0 4)
  (memory $o 1)
  (data (memory $m) (i64.const 0) "\4d\00\00\00\00\00\00\00")
  (func (export "_start") (local $i i64) (local $end i64)
    (if (i64.ne (memory.grow $n (i64.const 3)) (i64.const 0)) (then unreachable))
    (if (i64.ne (memory.grow $n (i64.const 2)) (i64.const -1)) (then unreachable))
    (i64.store $n (i64.const 0x2fff8) (i64.const 2))
    (loop $again
      (local.set $end (i64.mul (memory.size $m) (i64.const 65536)))
      (if (i64.eq (memory.grow $m (i64.const 3)) (i64.const -1)) (then unreachable))
      (if (i32.eq (memory.grow $o (i32.const 1)) (i32.const -1)) (then unreachable))
      (if (i64.ne (i64.load $m (local.get $end)) (i64.const 0)) (then unreachable))
      (i64.store $m (i64.add (local.get $end) (i64.const 0x2fff8)) (local.get $i))
      (i32.store $o (i32.sub (i32.mul (memory.size $o) (i32.const 65536)) (i32.const 4)) (i32.const 3))
      (br_if $again
        (i64.lt_u (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 100))))
    (if (i64.ne (i64.load $m (i64.const 0)) (i64.const 77)) (then unreachable))
    (if (i64.ne (i64.load $m (i64.const 0x3fff8)) (i64.const 0)) (then unreachable))
    (if (i64.ne (i64.load $m (i64.const 0x6fff8)) (i64.const 1)) (then unreachable))
    (if (i64.ne (i64.load $n (i64.const 0x2fff8)) (i64.const 2)) (then unreachable))
    ;; More than all room for such memories, which programs refuse before the filter sees it; and as many bytes as there are.
    (drop (memory.grow $m (i64.const 0x10000000)))
    (if (i64.ne (memory.grow $m (i64.const 0xfffffffffe00)) (i64.const -1)) (then unreachable))
    (call $exit (i32.const 42))))
