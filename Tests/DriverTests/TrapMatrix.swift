// Functions with an access that may trap, and whose result an optimiser has no use for: the text of one module,
// and what calls of its exports must give by the specification.
//
// Address 64 holds a marker, which functions write around their access; `peek` reads it and `reset` clears it.

struct TrapMatrix {
  struct Call {
    var name: String
    var arguments: [UInt32]
    /// "ok", or a trap's message.
    var outcome: String
    /// Nil where it does not matter.
    var marker: UInt32?
  }

  private(set) var functions: [String] = []
  private(set) var calls: [Call] = []

  static let outOfBounds = "out of bounds memory access"
  static let divideByZero = "integer divide by zero"
  /// One page.
  static let memorySize: UInt32 = 65536

  var text: String {
    """
    (module
      (memory 1)
      (global $g (mut i32) (i32.const 0))
      (func (export "peek") (result i32) (i32.load (i32.const 64)))
      (func (export "reset") (i32.store (i32.const 64) (i32.const 0)))
      (func $ignore_i32 (param i32)) (func $ignore_i64 (param i64)) (func $ignore_f32 (param f32))
      (func $ignore_f64 (param f64)) (func $ignore_v128 (param v128))
    \(functions.joined(separator: "\n"))
    )
    """
  }

  /// The same as a script of the specification's tests, for another engine to judge this table by.
  var script: String {
    var lines = [text]
    for call in calls {
      let arguments = call.arguments.map { "(i32.const \($0))" }.joined(separator: " ")
      let invocation = "(invoke \"\(call.name)\" \(arguments))"
      lines.append("(invoke \"reset\")")
      lines.append(call.outcome == "ok" ? invocation : "(assert_trap \(invocation) \"\(call.outcome)\")")
      if let marker = call.marker { lines.append("(assert_return (invoke \"peek\") (i32.const \(marker)))") }
    }
    return lines.joined(separator: "\n")
  }

  init() {
    for load in Load.all {
      for (name, use) in uses(of: load.type) { add(load, name, "(drop \(use(load.text("(local.get $p)"))))") }
      addContexts(load)
    }
    addStores()
    for width in Updated.all { addUpdates(width) }
    addLoops()
  }

  // MARK: Loads

  private struct Load {
    var name: String
    var type: String
    var width: UInt32
    /// Behind the address.
    var immediates = ""
    var operands = ""

    func text(_ address: String, offset: UInt32 = 0) -> String {
      "(\(name)\(offset == 0 ? "" : " offset=\(offset)")\(immediates) \(address)\(operands))"
    }

    static let all: [Load] = {
      var all: [Load] = []
      for type in ["i32", "i64", "f32", "f64"] {
        all.append(Load(name: "\(type).load", type: type, width: type.hasSuffix("32") ? 4 : 8))
      }
      for (bits, type) in [(8, "i32"), (16, "i32"), (8, "i64"), (16, "i64"), (32, "i64")] {
        for sign in ["s", "u"] {
          all.append(Load(name: "\(type).load\(bits)_\(sign)", type: type, width: UInt32(bits / 8)))
        }
      }
      all.append(Load(name: "v128.load", type: "v128", width: 16))
      for lanes in ["8x8", "16x4", "32x2"] {
        for sign in ["s", "u"] {
          all.append(Load(name: "v128.load\(lanes)_\(sign)", type: "v128", width: 8))
        }
      }
      for bits in [8, 16, 32, 64] {
        let width = UInt32(bits / 8)
        all.append(Load(name: "v128.load\(bits)_splat", type: "v128", width: width))
        all.append(
          Load(
            name: "v128.load\(bits)_lane", type: "v128", width: width, immediates: " 1",
            operands: " (v128.const i64x2 3 4)"))
      }
      for bits in [32, 64] {
        all.append(Load(name: "v128.load\(bits)_zero", type: "v128", width: UInt32(bits / 8)))
      }
      return all
    }()
  }

  /// What makes a value, or a part of it, irrelevant, by the value's type.
  private func uses(of type: String) -> [(String, (String) -> String)] {
    switch type {
    case "i32", "i64":
      func c(_ value: Int) -> String { "(\(type).const \(value))" }
      let bits = type == "i32" ? 31 : 63
      var uses: [(String, (String) -> String)] = [
        ("drop", { $0 }),
        ("mul0", { "(\(type).mul \($0) \(c(0)))" }),
        ("and0", { "(\(type).and \(c(0)) \($0))" }),
        ("or1s", { "(\(type).or \($0) \(c(-1)))" }),
        ("byte", { "(\(type).and \($0) \(c(255)))" }),
        ("bit", { "(\(type).and \($0) \(c(1)))" }),
        ("xor", { "(\(type).xor (local.tee $\(type) \($0)) (local.get $\(type)))" }),
        ("sub", { "(\(type).sub (local.tee $\(type) \($0)) (local.get $\(type)))" }),
        ("eq", { "(\(type).eq (local.tee $\(type) \($0)) (local.get $\(type)))" }),
        (
          "absorbed",
          {
            "(\(type).or (\(type).and \($0) (local.tee $\(type) (\(type).load (i32.const 0)))) (local.get $\(type)))"
          }
        ),
        ("shifted", { "(\(type).shl (\(type).shl \($0) \(c(bits))) \(c(1)))" }),
        ("below0", { "(\(type).lt_u \($0) \(c(0)))" }),
        ("rem1", { "(\(type).rem_u \($0) \(c(1)))" }),
        ("shorter", { "(\(type).extend8_s \($0))" }),
        ("not_selected", { "(select \($0) \(c(4)) (i32.const 0))" }),
      ]
      let condition: (String) -> String = { type == "i32" ? $0 : "(i32.wrap_i64 \($0))" }
      uses.append(("equal_arms", { "(select (i32.const 5) (i32.const 5) \(condition($0)))" }))
      uses.append(
        ("equal_sides", { "(if (result i32) \(condition($0)) (then (i32.const 7)) (else (i32.const 7)))" }))
      if type == "i64" { uses.append(("wrapped", { "(i32.wrap_i64 \($0))" })) }
      return uses
    case "f32", "f64":
      let integer = type == "f32" ? "i32" : "i64"
      return [
        ("drop", { $0 }),
        ("sign", { "(\(type).copysign (\(type).const 1) \($0))" }),
        ("mul0", { "(\(integer).mul (\(integer).reinterpret_\(type) \($0)) (\(integer).const 0))" }),
        ("byte", { "(\(integer).and (\(integer).reinterpret_\(type) \($0)) (\(integer).const 255))" }),
      ]
    default:
      return [
        ("drop", { $0 }),
        ("and0", { "(v128.and \($0) (v128.const i64x2 0 0))" }),
        ("xor", { "(v128.xor (local.tee $v128 \($0)) (local.get $v128))" }),
        ("lane", { "(i8x16.extract_lane_u 0 \($0))" }),
        ("low", { "(i64x2.extract_lane 0 \($0))" }),
        ("extend_low", { "(i64x2.extend_low_i32x4_s \($0))" }),
        ("replaced", { "(i64x2.replace_lane 1 \($0) (i64.const 1))" }),
        (
          "shuffled",
          { "(i8x16.shuffle 0 1 2 3 0 1 2 3 0 1 2 3 0 1 2 3 \($0) (v128.const i64x2 0 0))" }
        ),
        ("all_true", { "(v128.any_true (v128.or \($0) (v128.const i64x2 -1 -1)))" }),
      ]
    }
  }

  private static let locals =
    "(local $i32 i32) (local $i64 i64) (local $f32 f32) (local $f64 f64) (local $v128 v128)"

  /// An access of `load.width` bytes at the parameter, in bounds and not.
  private mutating func add(
    _ load: Load, _ name: String, _ body: String, others: [UInt32] = [],
    marker: (in: UInt32, out: UInt32)? = nil
  ) {
    let name = "\(load.name) \(name)"
    let params = "(param $p i32)" + (others.isEmpty ? "" : " (param $q i32)")
    functions.append("  (func (export \"\(name)\") \(params) \(Self.locals) \(body))")
    let last = Self.memorySize - load.width
    calls.append(Call(name: name, arguments: [last] + others, outcome: "ok", marker: marker?.in))
    for address in [last + 1, Self.memorySize, 0x8000_0000, .max] {
      calls.append(
        Call(name: name, arguments: [address] + others, outcome: Self.outOfBounds, marker: marker?.out))
    }
  }

  private mutating func addContexts(_ load: Load) {
    let access = load.text("(local.get $p)")
    let local = "(local.set $\(load.type) \(access))"
    let use = "(call $ignore_\(load.type) (local.get $\(load.type)))"
    let mark = { (value: Int) in "(i32.store (i32.const 64) (i32.const \(value)))" }

    functions.append("  (func $\"callee \(load.name)\" (param $p i32) (result \(load.type)) \(access))")
    add(load, "unused result", "(drop (call $\"callee \(load.name)\" (local.get $p)))")
    add(load, "unused result of two", "\(local) (drop (call $\"callee \(load.name)\" (local.get $p)))")
    add(load, "unused argument", "(call $ignore_\(load.type) \(access))")
    add(load, "one side", "\(local) (if (local.get $q) (then \(use)))", others: [0])
    add(load, "one side, called", "\(local) (if (local.get $q) (then \(use) \(mark(3)) ))", others: [0])
    add(
      load, "between stores", "\(mark(1)) (drop \(access)) \(mark(2))", marker: (in: 2, out: 1))
    add(
      load, "between stores, callee",
      "\(mark(1)) (drop (call $\"callee \(load.name)\" (local.get $p))) \(mark(2))",
      marker: (in: 2, out: 1))
    // The first trap is the one that is seen.
    let name = "\(load.name) before a division"
    functions.append(
      "  (func (export \"\(name)\") (param $p i32) (param $q i32) \(Self.locals)"
        + " \(local) (drop (i32.div_u (i32.const 1) (local.get $q))) \(use))")
    calls.append(Call(name: name, arguments: [.max, 0], outcome: Self.outOfBounds))
    calls.append(Call(name: name, arguments: [0, 0], outcome: Self.divideByZero))
  }

  // MARK: Stores

  private mutating func addStores() {
    add(
      "dead store", "(param $p i32) (param $q i32)",
      """
      (i32.store (local.get $p) (i32.const 1))
      (drop (i32.div_u (i32.const 1) (local.get $q)))
      (i32.store (local.get $p) (i32.const 2))
      """,
      [([.max, 0], Self.outOfBounds, nil), ([64, 0], Self.divideByZero, 1), ([64, 1], "ok", 2)])
    add(
      "store of what is there", "(param $p i32)", "(i32.store (local.get $p) (i32.load (local.get $p)))",
      [([65532], "ok", nil), ([65533], Self.outOfBounds, nil)])
    add(
      "store of one bit more", "(param $p i32)",
      "(i32.store (local.get $p) (i32.or (i32.load (local.get $p)) (i32.const 1)))",
      [([65532], "ok", nil), ([65533], Self.outOfBounds, nil)])
    add(
      "store twice", "(param $p i32)",
      "(i64.store (local.get $p) (i64.const 5)) (i64.store8 (local.get $p) (i64.const 5))",
      [([65528], "ok", nil), ([65529], Self.outOfBounds, nil)])
    add(
      "store, then a trap", "(param $p i32)",
      "(i32.store (i32.const 64) (i32.const 1)) (i32.store (local.get $p) (i32.const 3)) (unreachable)",
      [([.max], Self.outOfBounds, 1), ([64], "unreachable", 3)])
    add(
      "load, then a trap", "(param $p i32)", "(drop (i32.load (local.get $p))) (unreachable)",
      [([.max], Self.outOfBounds, nil), ([64], "unreachable", nil)])
    add(
      "division whose result is multiplied by 0", "(param $p i32)",
      "(i32.store (i32.const 64) (i32.mul (i32.div_u (i32.const 8) (local.get $p)) (i32.const 0)))",
      [([0], Self.divideByZero, nil), ([1], "ok", 0)])
    add(
      "unused conversion", "(param $p i32)",
      "(drop (i32.trunc_f32_u (f32.convert_i32_s (local.get $p))))",
      [([.max], "integer overflow", nil), ([1], "ok", nil)])
    add(
      "fill of nothing", "(param $p i32)", "(memory.fill (local.get $p) (i32.const 0) (i32.const 0))",
      [([65536], "ok", nil), ([65537], Self.outOfBounds, nil)])
    add(
      "copy onto itself", "(param $p i32)",
      "(memory.copy (local.get $p) (local.get $p) (i32.const 4))",
      [([65532], "ok", nil), ([65533], Self.outOfBounds, nil)])
  }

  private mutating func add(
    _ name: String, _ params: String, _ body: String,
    _ calls: [(arguments: [UInt32], outcome: String, marker: UInt32?)]
  ) {
    functions.append("  (func (export \"\(name)\") \(params) (local $i i32) (local $x i32) \(body))")
    self.calls += calls.map { Call(name: name, arguments: $0, outcome: $1, marker: $2) }
  }

  // MARK: Updates

  private struct Updated {
    var load: Load
    var store: String

    static let all = [
      Updated(load: Load(name: "i32.load8_u", type: "i32", width: 1), store: "i32.store8"),
      Updated(load: Load(name: "i32.load16_s", type: "i32", width: 2), store: "i32.store16"),
      Updated(load: Load(name: "i32.load", type: "i32", width: 4), store: "i32.store"),
      Updated(load: Load(name: "i64.load32_u", type: "i64", width: 4), store: "i64.store32"),
      Updated(load: Load(name: "i64.load", type: "i64", width: 8), store: "i64.store"),
    ]
  }

  /// An operator's result goes back to where its first operand comes from: the store may trap for both.
  private mutating func addUpdates(_ updated: Updated) {
    let (load, type) = (updated.load, updated.load.type)
    func store(_ value: String) -> String { "(\(updated.store) (local.get $p) \(value))" }
    func update(_ name: String, _ operand: String) -> String {
      store("(\(type).\(name) \(load.text("(local.get $p)")) \(operand))")
    }
    let argument = type == "i32" ? "(local.get $q)" : "(i64.extend_i32_s (local.get $q))"
    let overwrite = store("(\(type).const 0)")
    for (name, inverse) in [("add", "sub"), ("sub", "add"), ("and", "or"), ("or", "and"), ("xor", "xor")] {
      let callee = "$\"\(load.name) \(name)\""
      functions.append("  (func \(callee) (param $p i32) (param $q i32) \(update(name, argument)))")
      for value in [0, 1, -1, 255, 1 << Int64(8 * load.width - 1)] {
        let constant = "(\(type).const \(value))"
        let once = update(name, constant)
        add(load, "\(name) \(value), stored", once)
        add(load, "\(name) \(value), stored, undone", once + update(inverse, constant))
        add(load, "\(name) \(value), stored, overwritten", once + overwrite)
      }
      for value in [0, 1, -1] {
        let call = "(call \(callee) (local.get $p) (i32.const \(value)))"
        add(load, "\(name) \(value), stored by a callee", call)
        add(load, "\(name) \(value), stored by a callee, twice", call + call)
        let others = [UInt32(truncatingIfNeeded: value)]
        let once = update(name, argument)
        add(load, "\(name) \(value) of the caller, stored", once, others: others)
        add(
          load, "\(name) \(value) of the caller, stored, undone", once + update(inverse, argument),
          others: others)
        add(load, "\(name) \(value) of the caller, stored, overwritten", once + overwrite, others: others)
      }
    }
  }

  // MARK: Loops

  /// The loops go from $a in steps of $s until the index is 0 again or $n: most go past the end of memory and
  /// come back into it.
  private mutating func addLoops() {
    let params = "(param $a i32) (param $s i32) (param $n i32)"
    func loop(_ body: String) -> String {
      """
      (local.set $i (local.get $a))
      (loop $l \(body) (br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (local.get $s))) (local.get $n))))
      """
    }
    // From 0x8000 over the end to 0x10 by wrapping around.
    let around: [UInt32] = [0x8000, 0x1000_0000, 0x8000]
    let inside: [UInt32] = [0x1000, 4, 0x2000]
    let over: [UInt32] = [0xF000, 4, 0x1_1000]
    let element = "(i32.load (local.get $i))"
    let bodies: [(name: String, body: String, after: String)] = [
      ("loop that loads", "(drop \(element))", ""),
      ("loop for its last value", "(local.set $x \(element))", "(global.set $g (local.get $x))"),
      ("loop for its last value, stored", "(i32.store (i32.const 128) \(element))", ""),
      (
        "loop for a sum", "(local.set $x (i32.add (local.get $x) \(element)))",
        "(global.set $g (local.get $x))"
      ),
      ("loop for an unused sum", "(local.set $x (i32.add (local.get $x) \(element)))", ""),
      (
        "loop for a product of 0", "(local.set $x (i32.mul (local.get $x) \(element)))",
        "(global.set $g (local.get $x))"
      ),
      (
        "loop for a conjunction of 0", "(local.set $x (i32.and (local.get $x) \(element)))",
        "(global.set $g (local.get $x))"
      ),
      (
        "loop for bits that leave",
        "(local.set $x (i32.add (i32.shl (local.get $x) (i32.const 16)) \(element)))",
        "(global.set $g (local.get $x))"
      ),
      ("loop that stores nothing new", "(i32.store (local.get $i) \(element))", ""),
      (
        "loop that stores nothing",
        "(i32.store (i32.and (local.get $i) (i32.const 0x7ffc)) (i32.mul \(element) (i32.const 0)))", ""
      ),
      (
        "loop that stores bytes",
        "(i32.store8 (i32.and (local.get $i) (i32.const 0x7ffc)) (i32.load offset=3 (local.get $i)))", ""
      ),
      (
        "loop that stores twice",
        "(i32.store (i32.and (local.get $i) (i32.const 0x7ffc)) \(element)) (i32.store (i32.and (local.get $i) (i32.const 0x7ffc)) (i32.const 1))",
        ""
      ),
      (
        "loop with a difference",
        "(i32.store (i32.and (local.get $i) (i32.const 0x7ffc)) (i32.sub (i32.add \(element) (local.get $a)) \(element)))",
        ""
      ),
      (
        "loop with one side",
        "(local.set $x \(element)) (if (i32.eqz (local.get $i)) (then (i32.store (i32.const 128) (local.get $x))))",
        ""
      ),
      ("loop that searches", "(br_if 1 (i32.eq \(element) (i32.const 0x12345678)))", ""),
      (
        "loop that compares",
        "(i32.store (i32.and (local.get $i) (i32.const 0x7ffc)) (i32.lt_u \(element) (i32.const 0)))", ""
      ),
    ]
    for (name, body, after) in bodies {
      add(
        name, params, "(block \(loop(body))) \(after)",
        [(inside, "ok", nil), (around, Self.outOfBounds, nil), (over, Self.outOfBounds, nil)])
    }
    // What inlining lets an optimiser know.
    functions.append(
      "  (func $scale \(params) (param $f i32) (local $i i32)"
        + " \(loop("(i32.store (i32.and (local.get $i) (i32.const 0x7ffc)) (i32.mul \(element) (local.get $f)))")))"
    )
    functions.append(
      "  (func $sum \(params) (result i32) (local $i i32) (local $x i32)"
        + " \(loop("(local.set $x (i32.add (local.get $x) \(element)))")) (local.get $x))")
    let arguments = "(local.get $a) (local.get $s) (local.get $n)"
    for (name, body) in [
      ("scaled by 0", "(call $scale \(arguments) (i32.const 0))"),
      ("dropped sum", "(drop (call $sum \(arguments)))"),
      ("sum times 0", "(global.set $g (i32.mul (call $sum \(arguments)) (i32.const 0)))"),
    ] {
      add(
        name, params, body,
        [(inside, "ok", nil), (around, Self.outOfBounds, nil), (over, Self.outOfBounds, nil)])
    }
  }
}
