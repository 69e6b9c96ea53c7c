/// What the rule says of small functions, counted by hand: in the comments, each `|` is a place where a segment ends.
enum FuelCases {
  struct Case: Sendable {
    var call: FuelEngine.Call
    var consumed: UInt64
    var line: String
  }

  static let outOfFuel = "trap all fuel consumed by WebAssembly"

  static let module = """
    (module
      (memory 1) (tag $t (param i32))
      (table funcref (elem $leaf))
      (type $none (func))
      (global $g (mut i32) (i32.const 0))

      (func $leaf (export "empty"))
      ;; const; the others cost nothing
      (func (export "free") (nop) (drop (i32.const 1)) (block (block)) (return))
      ;; Eight operators a turn; loop and end cost nothing.
      (func (export "loop") (param $n i32)
        (loop $l
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $l (i32.gt_s (local.get $n) (i32.const 0)))))
      ;; get if | const | const | set
      (func (export "if") (param i32)
        (global.set $g (if (result i32) (local.get 0) (then (i32.const 1)) (else (i32.const 1) (nop)))))
      ;; get if | const set | get drop
      (func (export "then") (param i32)
        (if (local.get 0) (then (global.set $g (i32.const 1)))) (drop (local.get 0)))
      ;; const br: what follows is not reached, up to the end | const
      (func (export "unreached")
        (block (br 0 (i32.const 1)) (global.set $g (i32.const 1)) (block (global.set $g (i32.const 1))))
        (drop (i32.const 1)))
      ;; get br_table | const | const | const
      (func (export "table") (param i32)
        (block (block (block (br_table 0 1 2 (local.get 0))) (drop (i32.const 0))) (drop (i32.const 0)))
        (drop (i32.const 0)))
      ;; All of a segment is charged, also what comes behind a trap: const const div drop const set
      (func (export "trap") (drop (i32.div_u (i32.const 1) (i32.const 0))) (global.set $g (i32.const 1)))
      (func (export "fault") (drop (i32.load (i32.const -1))) (global.set $g (i32.const 1)))
      (func (export "unreachable") (drop (i32.const 1)) unreachable)
      ;; A fault in the fourth turn: of get load drop get const add tee const br_if
      (func (export "fault-later") (local $p i32)
        (local.set $p (i32.const 65524))
        (loop $l
          (drop (i32.load (local.get $p)))
          (br_if $l (local.tee $p (i32.add (local.get $p) (i32.const 4))))))
      ;; A call does not end a segment: const call const
      (func (export "call") (drop (i32.const 1)) (call $leaf) (drop (i32.const 1)))
      ;; const call_indirect, with the callee's own
      (func (export "indirect") (call_indirect (type $none) (i32.const 0)))
      ;; 4 | 1 | 9
      (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
          (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
            (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      ;; get br_on_null | drop call | const
      (func (export "null")
        (block (ref.null $none) (br_on_null 0) (call_ref $none)) (drop (i32.const 1)))
      ;; const throw, and behind the catching block: set
      (func (export "throw")
        (block $h (result i32) (try_table (catch $t $h) (throw $t (i32.const 1))) (i32.const 2))
        (global.set $g))
      (func (export "for-ever") (loop $l (br $l)))
      ;; get if | const call const
      (func (export "callee-looks") (param i32)
        (if (local.get 0) (then (drop (i32.const 1)) (call $leaf) (drop (i32.const 1)))))
      ;; A constant number of operators, whatever they move.
      (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)))
      (func $start (call $leaf))
      (start $start))
    """

  private static func of(
    _ name: String, _ arguments: Int..., consumes consumed: UInt64, fuel: UInt64 = UInt64(Int64.max),
    _ line: String = "ok"
  ) -> Case {
    let words = arguments.map { "i:\(String(UInt32(truncatingIfNeeded: $0), radix: 16))" }
    return Case(call: .init(name: name, arguments: words, fuel: fuel), consumed: consumed, line: line)
  }

  static let all: [Case] = [
    of("empty", consumes: 0), of("free", consumes: 1),
    of("loop", 1, consumes: 8), of("loop", 1000, consumes: 8000),
    of("if", 0, consumes: 4), of("if", 1, consumes: 4),
    of("then", 0, consumes: 3), of("then", 1, consumes: 5),
    of("unreached", consumes: 3),
    of("table", 0, consumes: 5), of("table", 1, consumes: 4), of("table", 2, consumes: 3),
    of("table", 9, consumes: 3),
    of("trap", consumes: 5, "trap integer divide by zero"),
    of("fault", consumes: 4, "trap out of bounds memory access"),
    of("unreachable", consumes: 1, "trap unreachable"),
    of("fault-later", consumes: 2 + 4 * 7, "trap out of bounds memory access"),
    of("call", consumes: 3), of("indirect", consumes: 2),
    of("fib", 1, consumes: 5, "ok i:1"), of("fib", 20, consumes: 197_015, "ok i:1a6d"),
    of("null", consumes: 3), of("throw", consumes: 3), of("fill", consumes: 4),
    // The check comes behind the charge, and only there where functions begin and loops turn.
    of("loop", 1000, consumes: 8000, fuel: 8000), of("loop", 1000, consumes: 8000, fuel: 7999, outOfFuel),
    of("loop", 1000, consumes: 504, fuel: 500, outOfFuel), of("loop", 1000, consumes: 8, fuel: 0, outOfFuel),
    of("free", consumes: 1, fuel: 0, outOfFuel), of("empty", consumes: 0, fuel: 0),
    // Two are gone at its beginning, two more are not looked at.
    of("if", 1, consumes: 4, fuel: 2), of("if", 1, consumes: 2, fuel: 1, outOfFuel),
    of("callee-looks", 1, consumes: 5, fuel: 5), of("callee-looks", 1, consumes: 5, fuel: 4, outOfFuel),
    of("for-ever", consumes: 1001, fuel: 1000, outOfFuel),
    of("call", consumes: 3, fuel: 2, outOfFuel),
    of("fib", 20, consumes: 1006, fuel: 1000, outOfFuel),
    of("trap", consumes: 5, fuel: 5, "trap integer divide by zero"),
    of("trap", consumes: 5, fuel: 4, outOfFuel),
  ]
}
