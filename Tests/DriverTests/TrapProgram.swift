import TestSupport

/// A random module that aims at what optimisers do to accesses that trap: values that are dropped, narrowed,
/// needed on one side of a branch or multiplied by 0, callees whose results nobody wants, stores around, loops
/// over the end of memory. Its text, and the calls to make.
///
/// `f0`, `f1`, … take and return an i32; `reset` gives memory and globals their first contents, `hash` is one of
/// all of memory. They log by writing a letter to standard output.
struct TrapProgram {
  private var random: SplitMix64
  private var depth = 0
  private var loops = 0
  private(set) var text = ""
  let functionCount: Int
  static let arguments: [UInt32] = [0, 1, 4096, 65520, 65533, 65536, 0x8000_0000, .max]

  init(seed: UInt64, functions: Int) {
    random = SplitMix64(state: seed)
    functionCount = functions
    var bodies: [String] = []
    for index in 0..<functions {
      let internalName = "$h\(index)"
      bodies.append(function("(func \(internalName)", index: index, isHelper: true))
      bodies.append(function("(func (export \"f\(index)\")", index: index, isHelper: false))
    }
    text = """
      (module
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (global $g0 (mut i32) (i32.const 7)) (global $g1 (mut i64) (i64.const 7))
        (func $log (param $x i32)
          (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 1))
          (local.set $x (i32.and (local.get $x) (i32.const 15)))
          (i32.store8 (i32.const 8) (i32.add (local.get $x) (i32.const 65)))
          (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1)
            (i32.add (i32.const 16) (i32.shl (local.get $x) (i32.const 2)))))
          (i32.store (i32.add (i32.const 16) (i32.shl (local.get $x) (i32.const 2))) (i32.const 1)))
        (func (export "reset") (local $i i32)
          (global.set $g0 (i32.const 7)) (global.set $g1 (i64.const 7))
          (loop $l
            (i32.store (local.get $i) (i32.mul (local.get $i) (i32.const 0x01000193)))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4))) (i32.const 65536)))))
        (func (export "hash") (result i64) (local $i i32) (local $h i64)
          (loop $l
            (local.set $h (i64.mul (i64.xor (local.get $h) (i64.load (local.get $i))) (i64.const 0x100000001b3)))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 8))) (i32.const 65536))))
          (i64.xor (local.get $h) (i64.add (global.get $g1) (i64.extend_i32_u (global.get $g0)))))
      \(bodies.joined(separator: "\n"))
      )
      """
  }

  // MARK: Functions and statements

  private mutating func function(_ head: String, index: Int, isHelper: Bool) -> String {
    loops = 0
    depth = 0
    self.index = isHelper ? index - 1 : index
    let count = 2 + below(5)
    let statements = (0..<count).map { _ in statement() }.joined(separator: "\n      ")
    return """
        \(head) (param $p i32) (result i32)
          (local $a i32) (local $b i64) (local $c f32) (local $d f64) (local $v v128) (local $q i32)
          (local $i0 i32) (local $i1 i32) (local $n0 i32) (local $n1 i32)
          \(statements)
          \(expression("i32", 3)))
      """
  }

  /// Helpers with at most this number may be called.
  private var index = 0

  private mutating func statement() -> String {
    depth += 1
    defer { depth -= 1 }
    let choices = depth > 3 ? 7 : 13
    switch below(choices) {
    case 0: return "(drop \(expression(anyType(), 3)))"
    case 1: return assign()
    case 2: return store()
    case 3: return "(call $log \(expression("i32", 2)))"
    case 4:
      return below(2) == 0
        ? "(global.set $g0 \(expression("i32", 2)))" : "(global.set $g1 \(expression("i64", 2)))"
    case 5: return call().map { "(drop \($0))" } ?? store()
    case 6: return assign() + " " + store()
    case 7: return "(if \(expression("i32", 2)) (then \(statement())) (else \(statement())))"
    case 8:
      // Needed on one side.
      return "\(assign()) (if \(expression("i32", 1)) (then \(statement()) \(use())))"
    case 9: return "(block \(statement()) (br_if 0 \(expression("i32", 2))) \(statement()))"
    default: return loops < 2 ? loop() : assign()
    }
  }

  private mutating func assign() -> String {
    let (name, type) = [
      ("$a", "i32"), ("$b", "i64"), ("$c", "f32"), ("$d", "f64"), ("$v", "v128"), ("$a", "i32"),
    ][below(6)]
    return "(local.set \(name) \(expression(type, 3)))"
  }

  private mutating func use() -> String {
    switch below(3) {
    case 0: "(call $log (local.get $a))"
    case 1: "(i32.store (i32.const 256) (local.get $a))"
    default: "(local.set $a (i32.add (local.get $a) (i32.wrap_i64 (local.get $b))))"
    }
  }

  private mutating func store() -> String {
    switch below(6) {
    case 0: return "(i32.store8\(offset()) \(address()) \(expression("i32", 2)))"
    case 1: return "(i64.store\(offset()) \(address()) \(expression("i64", 2)))"
    case 2: return "(f64.store\(offset()) \(address()) \(expression("f64", 2)))"
    case 3: return "(v128.store\(offset()) \(address()) \(expression("v128", 2)))"
    case 4:
      // What is there already, or nearly.
      let place = "(local.tee $q \(address()))"
      let (type, load, store) = [
        ("i32", "load", "store"), ("i32", "load8_u", "store8"), ("i32", "load16_s", "store16"),
        ("i64", "load", "store"), ("i64", "load32_u", "store32"),
      ][below(5)]
      let old = "(\(type).\(load) (local.get $q))"
      let operand = below(2) == 0 ? "(\(type).const \(below(4) - 1))" : expression(type, 1)
      return
        "(\(type).\(store) \(place) (\(type).\(["or", "add", "sub", "and", "mul", "xor"][below(6)]) \(old) \(operand)))"
    default: return "(i32.store\(offset()) \(address()) \(expression("i32", 2)))"
    }
  }

  private mutating func call() -> String? {
    guard index > 0 else { return nil }
    return "(call $h\(below(index)) \(below(2) == 0 ? address() : expression("i32", 1)))"
  }

  /// A loop of few turns with an index that goes its own way.
  private mutating func loop() -> String {
    let (i, n) = ("$i\(loops)", "$n\(loops)")
    loops += 1
    let body: String
    let step = [1, 4, 4, 8, 64, 0x1000, 0x1000_0000][below(7)]
    let turns = [1, 2, 5, 17, 40][below(5)]
    let element = [
      "(i32.load\(offset()) (local.get \(i)))", "(i32.load8_u (local.get \(i)))",
      "(i32.load16_s (local.get \(i)))",
    ][below(3)]
    let target = "(i32.and (i32.add (local.get \(i)) (i32.const \(below(2) * 4096))) (i32.const 0x7ffc))"
    switch below(8) {
    case 0: body = "(drop \(element))"
    case 1: body = "(local.set $a \(element))"
    case 2: body = "(local.set $a (i32.\(anyBinary("i32")) (local.get $a) \(element)))"
    case 3:
      body =
        "(i32.store \(target) (i32.\(anyBinary("i32")) \(element) \(["(local.get $p)", "(i32.const 0)", "(local.get $a)", "(i32.const 3)"][below(4)])))"
    case 4: body = "(i32.store8 \(target) \(element))"
    case 5:
      body = "(i32.store (local.get \(i)) (i32.\(anyBinary("i32")) \(element) (i32.load (local.get \(i)))))"
    case 6: body = "(f32.store \(target) (f32.mul (f32.load (local.get \(i))) (local.get $c)))"
    default: body = statement()
    }
    let start = below(2) == 0 ? address() : "(i32.const \([0, 1024, 65408, 65500][below(4)]))"
    let result = """
      (local.set \(i) \(start)) (local.set \(n) (i32.const \(turns)))
      (loop $l\(loops) \(body)
        (local.set \(i) (i32.add (local.get \(i)) (i32.const \(step))))
        (br_if $l\(loops) (local.tee \(n) (i32.sub (local.get \(n)) (i32.const 1)))))
      """
    loops -= 1
    return result
  }

  // MARK: Expressions

  /// In bounds most of the time: a function ends at its first trap.
  private mutating func address() -> String {
    switch below(12) {
    case 0: "(i32.const \([65532, 65533, 65535, 65536, 0x7FFF_FFFF, 0xFFFF_FFFC as Int][below(6)]))"
    case 1: "(local.get $p)"
    case 2: "(i32.add (local.get $p) (i32.const \(below(64))))"
    case 3: "(local.get $a)"
    case 4: "(i32.or (local.get $p) (i32.const 0xff00))"
    case 5, 6: "(i32.and (local.get $a) (i32.const 0xfffc))"
    case 7, 8: "(i32.and \(expression("i32", 1)) (i32.const 0x7fff))"
    default: "(i32.const \(256 + below(16) * 4))"
    }
  }

  private mutating func offset() -> String {
    below(3) == 0 ? " offset=\([4, 256, 65000, 0x1_0000][below(4)])" : ""
  }

  private mutating func anyType() -> String { ["i32", "i64", "f32", "f64", "v128"][below(5)] }

  private mutating func anyBinary(_ type: String) -> String {
    type.hasPrefix("i")
      ? ["add", "sub", "mul", "and", "or", "xor", "shl", "shr_u", "rotl", "div_u", "rem_s"][below(11)]
      : ["add", "sub", "mul", "div", "copysign", "min"][below(6)]
  }

  private mutating func expression(_ type: String, _ budget: Int) -> String {
    if budget <= 0 || below(5) == 0 { return leaf(type) }
    switch (type, below(9)) {
    case (_, 0), (_, 1): return load(type)
    case ("i32", 2):
      return call() ?? load(type)
    case ("i32", 3), ("i64", 3): return identity(type, budget)
    case ("i32", 4): return "(i32.wrap_i64 \(expression("i64", budget - 1)))"
    case ("i32", 5):
      return
        "(i32.\(["lt_u", "eq", "ge_s"][below(3)]) \(expression("i32", budget - 1)) \(expression("i32", budget - 1)))"
    case ("i32", 6): return "(i32x4.extract_lane \(below(4)) \(expression("v128", budget - 1)))"
    case ("i64", 4): return "(i64.extend_i32_u \(expression("i32", budget - 1)))"
    case ("i64", 5): return "(i64.reinterpret_f64 \(expression("f64", budget - 1)))"
    case ("f32", 2): return "(f32.reinterpret_i32 \(expression("i32", budget - 1)))"
    case ("v128", 2):
      return
        "(i8x16.shuffle 0 1 2 3 4 5 6 7 0 1 2 3 20 21 22 23 \(expression("v128", budget - 1)) \(expression("v128", budget - 1)))"
    case ("v128", 3): return "(i32x4.splat \(expression("i32", budget - 1)))"
    case ("v128", 4): return "(i16x8.extend_low_i8x16_u \(expression("v128", budget - 1)))"
    case ("v128", _):
      return
        "(\(["v128.and", "v128.xor", "i32x4.add", "i16x8.mul"][below(4)]) \(expression("v128", budget - 1)) \(expression("v128", budget - 1)))"
    case (_, 7):
      return
        "(select \(expression(type, budget - 1)) \(expression(type, budget - 1)) \(expression("i32", budget - 1)))"
    case ("f32", _), ("f64", _):
      // Without operators that make a NaN, whose bits the specification leaves open.
      return "(\(type).\(["copysign", "abs", "neg"][below(3)]) \(expression(type, budget - 1))"
        .replacingCopysign(type) { self.expression(type, budget - 1) }
    default:
      return "(\(type).\(anyBinary(type)) \(expression(type, budget - 1)) \(expression(type, budget - 1)))"
    }
  }

  /// Operators that make (a part of) the value irrelevant.
  private mutating func identity(_ type: String, _ budget: Int) -> String {
    let value = expression(type, budget - 1)
    let local = type == "i32" ? "$a" : "$b"
    switch below(10) {
    case 0: return "(\(type).mul \(value) (\(type).const 0))"
    case 1: return "(\(type).and \(value) (\(type).const \([0, 1, 255, 65535][below(4)])))"
    case 2: return "(\(type).or \(value) (\(type).const -1))"
    case 3: return "(\(type).xor (local.tee \(local) \(value)) (local.get \(local)))"
    case 4: return "(\(type).sub (local.tee \(local) \(value)) (local.get \(local)))"
    case 5: return "(\(type).shl \(value) (\(type).const \(type == "i32" ? 24 : 56)))"
    case 6: return "(\(type).rem_u \(value) (\(type).const 1))"
    case 7: return "(\(type).extend8_s \(value))"
    case 8: return "(\(type).mul \(value) (\(type).xor (local.get \(local)) (local.get \(local))))"
    default: return "(select \(value) \(leaf(type)) (i32.const \(below(2))))"
    }
  }

  private mutating func load(_ type: String) -> String {
    let names: [String] =
      switch type {
      case "i32": ["i32.load", "i32.load8_u", "i32.load8_s", "i32.load16_u", "i32.load16_s"]
      case "i64": ["i64.load", "i64.load8_u", "i64.load16_s", "i64.load32_u", "i64.load32_s"]
      case "v128":
        [
          "v128.load", "v128.load8x8_u", "v128.load16x4_s", "v128.load32_splat", "v128.load64_zero",
          "v128.load8_splat",
        ]
      default: ["\(type).load"]
      }
    return "(\(names[below(names.count)])\(offset()) \(address()))"
  }

  private mutating func leaf(_ type: String) -> String {
    switch type {
    case "i32":
      return [
        "(local.get $p)", "(local.get $a)", "(i32.const \(below(3)))", "(global.get $g0)", "(local.get $i0)",
      ][below(5)]
    case "i64": return ["(local.get $b)", "(i64.const \(below(3)))", "(global.get $g1)"][below(3)]
    case "f32": return ["(local.get $c)", "(f32.const 1.5)"][below(2)]
    case "f64": return ["(local.get $d)", "(f64.const -0.25)"][below(2)]
    default: return ["(local.get $v)", "(v128.const i32x4 1 2 3 4)"][below(2)]
    }
  }

  private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
}

extension String {
  /// Ends a call of a float operator: `copysign` has a second operand.
  fileprivate func replacingCopysign(_ type: String, _ operand: () -> String) -> String {
    hasPrefix("(\(type).copysign") ? "\(self) \(operand()))" : "\(self))"
  }
}
