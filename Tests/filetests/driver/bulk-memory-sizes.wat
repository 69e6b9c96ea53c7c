;;! exit 0
;; Copies and fills of all small sizes and some large ones, at all distances that matter, beside loops over bytes: neither
;; more nor less is written.
(module
  (memory 2)
  ;; What is looked at is 4096 to 20480; the loops have the same in the second page.
  (global $page i32 (i32.const 65536))
  ;; Of what memory.fill is given only the low byte counts.
  (global $value (mut i32) (i32.const 0x5A1A5))

  (func $reset (local $at i32)
    (local.set $at (i32.const 4096))
    (loop $next
      (i64.store (local.get $at)
        (i64.mul (i64.extend_i32_u (i32.add (local.get $at) (i32.const 1))) (i64.const 0x9E3779B97F4A7C15)))
      (i64.store (i32.add (local.get $at) (global.get $page)) (i64.load (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 20480)))))

  (func $compare (local $at i32)
    (local.set $at (i32.const 4096))
    (loop $next
      (if (i64.ne (i64.load (local.get $at)) (i64.load (i32.add (local.get $at) (global.get $page))))
        (then unreachable))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const 20480)))))

  (func $copy_bytes (param $to i32) (param $from i32) (param $size i32) (local $at i32)
    (if (i32.le_u (local.get $to) (local.get $from))
      (then
        (block $done
          (loop $next
            (br_if $done (i32.eq (local.get $at) (local.get $size)))
            (i32.store8 (i32.add (local.get $to) (local.get $at))
              (i32.load8_u (i32.add (local.get $from) (local.get $at))))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next))))
      (else
        (local.set $at (local.get $size))
        (block $done
          (loop $next
            (br_if $done (i32.eqz (local.get $at)))
            (local.set $at (i32.sub (local.get $at) (i32.const 1)))
            (i32.store8 (i32.add (local.get $to) (local.get $at))
              (i32.load8_u (i32.add (local.get $from) (local.get $at))))
            (br $next))))))

  (func $fill_bytes (param $to i32) (param $byte i32) (param $size i32) (local $at i32)
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $size)))
        (i32.store8 (i32.add (local.get $to) (local.get $at)) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  (func $copy (param $distance i32) (param $size i32) (local $from i32) (local $to i32)
    ;; Every alignment, both of source and destination.
    (local.set $from (i32.add (i32.const 10240) (i32.rem_u (local.get $size) (i32.const 19))))
    (local.set $to (i32.add (local.get $from) (local.get $distance)))
    (call $reset)
    (memory.copy (local.get $to) (local.get $from) (local.get $size))
    (call $copy_bytes (i32.add (local.get $to) (global.get $page)) (i32.add (local.get $from) (global.get $page))
      (local.get $size))
    (call $compare))

  (func $all (param $size i32) (local $distance i32)
    (call $copy (i32.const -5000) (local.get $size))
    (call $copy (i32.const -130) (local.get $size))
    (call $copy (i32.const -65) (local.get $size))
    (call $copy (i32.const -64) (local.get $size))
    (call $copy (i32.const -63) (local.get $size))
    (local.set $distance (i32.const -17))
    (loop $next
      (call $copy (local.get $distance) (local.get $size))
      (local.set $distance (i32.add (local.get $distance) (i32.const 1)))
      (br_if $next (i32.le_s (local.get $distance) (i32.const 17))))
    (call $copy (i32.const 63) (local.get $size))
    (call $copy (i32.const 64) (local.get $size))
    (call $copy (i32.const 65) (local.get $size))
    (call $copy (i32.const 130) (local.get $size))
    (call $copy (i32.const 5000) (local.get $size))
    (call $reset)
    (global.set $value (i32.add (global.get $value) (i32.const 0x10101)))
    (memory.fill (i32.add (i32.const 8200) (i32.rem_u (local.get $size) (i32.const 19))) (global.get $value)
      (local.get $size))
    (call $fill_bytes (i32.add (i32.const 73736) (i32.rem_u (local.get $size) (i32.const 19)))
      (global.get $value) (local.get $size))
    (call $compare))

  (func (export "_start") (local $size i32)
    (loop $next
      (call $all (local.get $size))
      (local.set $size (i32.add (local.get $size) (i32.const 1)))
      (br_if $next (i32.le_u (local.get $size) (i32.const 150))))
    (call $all (i32.const 191))
    (call $all (i32.const 192))
    (call $all (i32.const 193))
    (call $all (i32.const 256))
    (call $all (i32.const 1000))
    (call $all (i32.const 4095))
    (call $all (i32.const 4096))
    (call $all (i32.const 4097))
    (call $all (i32.const 5000))))
