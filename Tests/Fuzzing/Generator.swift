import TestSupport
import WasmModule

/// A random module, as text: valid, ends whatever it is called with, and aims at what compilers get wrong. The same
/// seed gives the same module.
///
/// `f0`, `f1`, … are exported with parameters and results of numbers and vectors; `state` has a result for everything
/// that they may have changed (`StateExport`), and renews what bounds recursion. Every loop counts its turns, every
/// function that can be called indirectly takes one off a global and returns at once below zero.
///
/// NaN: which one an operator makes is the engine's choice. What shows the bits of a float — a reinterpretation, a
/// store, a sign that is copied, a vector — first gets the canonical NaN in the place of others.
struct Generator {
  var random: SplitMix64
  let profile: Profile
  var signatures: [Signature] = []
  /// Of all functions, the exported ones among them.
  var functions: [Int] = []
  var memories: [MemoryShape] = []
  var tables: [TableShape] = []
  var globals: [GlobalShape] = []
  var tags: [[String]] = []
  /// Where the functions begin in the first table.
  var tableOffset = 0

  // MARK: Of the function that is being made

  /// Its number.
  var current = 0
  var locals: [Local] = []
  var labels: [Label] = []
  /// Caught exceptions that may be thrown again: a local, or in the older encoding a label.
  var caught: [String] = []
  var names = 0
  var depth = 0
  var loopDepth = 0
  /// What may still be made: large functions take the time of many small ones.
  var budget = 0

  struct Signature: Equatable {
    var params: [String]
    var results: [String]
  }
  struct MemoryShape {
    var name: String
    var is64: Bool
    var isBytePaged: Bool
    var isShared: Bool
    /// At the beginning, in bytes.
    var size: Int
    var address: String { is64 ? "i64" : "i32" }
  }
  struct TableShape {
    var name: String
    var is64: Bool
    var element: String
    var size: Int
    var address: String { is64 ? "i64" : "i32" }
  }
  struct GlobalShape {
    var name: String
    var type: String
    var isMutable: Bool
  }
  struct Local {
    var name: String
    var type: String
    var isParam = false
    /// Counters of loops are read, and changed only by their loops.
    var isAssignable = true
    /// What `canonical` looks at: nobody else may.
    var hasAnyNaN = false
  }
  struct Label {
    var name: String
    var types: [String]
    /// A branch to it is one turn more.
    var isLoop = false
  }

  static func text(seed: UInt64) -> String {
    var generator = Generator(seed: seed)
    return generator.module()
  }

  private init(seed: UInt64) {
    random = SplitMix64(state: seed &* 0x9E37_79B9_7F4A_7C15 ^ 0x5EED)
    profile = Profile(&random)
  }
}

/// What a module is about: not everything at once, so that each gets its share.
struct Profile {
  var vectors, exceptions, isLegacy, tailCalls, atomics, wide, typedReferences, relaxed, start: Bool
  var functionCount: Int
  var statementBudget: Int

  init(_ random: inout SplitMix64) {
    vectors = random.below(2) == 0
    exceptions = random.below(3) == 0
    isLegacy = random.below(3) == 0
    tailCalls = random.below(3) == 0
    atomics = random.below(5) == 0
    wide = random.below(6) == 0
    typedReferences = random.below(4) == 0
    relaxed = vectors && random.below(5) == 0
    start = random.below(5) == 0
    functionCount = 2 + random.below(4)
    statementBudget = 4 + random.below(14)
  }
}

// MARK: - The module

extension Generator {
  private mutating func module() -> String {
    makeSignatures()
    makeMemories()
    makeTables()
    makeGlobals()
    if profile.exceptions {
      tags = (0..<1 + below(3)).map { _ in (0..<below(4)).map { _ in numberType() } }
      tags.append(["i32"])
    }
    functions = (0..<profile.functionCount).map { _ in below(signatures.count) }
    var lines: [String] = ["(module"]
    for (index, signature) in signatures.enumerated() {
      lines.append("  (type $s\(index) (func\(Self.clause("param", signature.params))\(results(signature))))")
    }
    lines += Self.imports.map { "  \($0)" }
    lines += memoryLines() + tableLines() + globalLines()
    for (index, types) in tags.enumerated() {
      lines.append("  (tag $e\(index)\(Self.clause("param", types)))")
    }
    for index in functions.indices { lines.append(function(index)) }
    for index in 0..<(profile.vectors ? 2 : 1) { lines.append(probe(index)) }
    if profile.start {
      current = -1
      lines.append("  (func $start \(body(signature: Signature(params: [], results: []), budget: 4)))")
      lines.append("  (start $start)")
    }
    lines += segmentLines()
    lines.append(
      StateExport.text(
        globals: globals.filter { $0.isMutable }.map { ($0.name, $0.type) },
        memories: memories.map { ($0.name, $0.is64, $0.isBytePaged) },
        tables: tables.map { ($0.name, $0.is64) }, renews: "(global.set $fuel (i32.const 60))"))
    lines.append(")")
    return lines.joined(separator: "\n") + "\n"
  }

  static let imports =
    [
      "log-i32 i32", "log-i64 i64", "log-f32 f32", "log-f64 f64", "log-v128 v128",
    ].map { line in
      let words = line.split(separator: " ")
      return "(import \"fuzzing-support\" \"\(words[0])\" (func $\(words[0]) (param \(words[1]))))"
    } + ["(import \"fuzzing-support\" \"mix\" (func $mix (param i32) (result i32)))"]

  private mutating func makeSignatures() {
    signatures = [Signature(params: ["i32"], results: ["i32"])]
    for _ in 0..<2 + below(3) {
      let resultCount = [0, 1, 1, 1, 2, 3, 5][below(7)]
      let signature = Signature(
        params: (0..<below(5)).map { _ in numberType() }, results: (0..<resultCount).map { _ in numberType() }
      )
      if !signatures.contains(signature) { signatures.append(signature) }
    }
  }

  private mutating func makeMemories() {
    let count = [1, 1, 1, 2, 3][below(5)]
    for index in 0..<count {
      let isBytePaged = below(10) == 0
      let size = isBytePaged ? 64 + below(3000) : 65536
      memories.append(
        MemoryShape(
          name: "$m\(index)", is64: below(5) == 0, isBytePaged: isBytePaged,
          isShared: profile.atomics && !isBytePaged && below(2) == 0, size: size))
    }
  }

  private mutating func makeTables() {
    tableOffset = below(2)
    tables.append(TableShape(name: "$t0", is64: below(8) == 0, element: "funcref", size: 4 + below(8)))
    if below(3) == 0 {
      tables.append(
        TableShape(
          name: "$t1", is64: below(4) == 0, element: ["funcref", "funcref", "externref"][below(3)],
          size: below(6)))
    }
  }

  private mutating func makeGlobals() {
    for (index, type) in ["i32", "i64", "f32", "f64"].enumerated() where index < 2 || below(2) == 0 {
      globals.append(GlobalShape(name: "$g\(index)", type: type, isMutable: below(5) > 0))
    }
    if profile.vectors { globals.append(GlobalShape(name: "$gv", type: "v128", isMutable: true)) }
  }

  private mutating func memoryLines() -> [String] {
    memories.map { memory in
      let is64 = memory.is64 ? "i64 " : ""
      if memory.isBytePaged {
        return "  (memory \(memory.name) \(is64)\(memory.size) \(memory.size + 200) (pagesize 1))"
      }
      return "  (memory \(memory.name) \(is64)1 \(memory.isShared ? "3 shared" : ["2", "3", "4"][below(3)]))"
    }
  }

  private mutating func tableLines() -> [String] {
    tables.map { table in
      let maximum = below(2) == 0 ? " \(table.size + below(6))" : " \(table.size + 20)"
      return "  (table \(table.name) \(table.is64 ? "i64 " : "")\(table.size)\(maximum) \(table.element))"
    }
  }

  private mutating func globalLines() -> [String] {
    ["  (global $fuel (mut i32) (i32.const 60))"]
      + globals.map { global in
        let value = constant(global.type)
        return "  (global \(global.name) \(global.isMutable ? "(mut \(global.type))" : global.type) \(value))"
      }
  }

  private mutating func segmentLines() -> [String] {
    // Every function is in a segment: it may be called indirectly, and its reference be taken.
    let names = functions.indices.map { "$h\($0)" }
    var lines = [
      "  (elem $el0 (table $t0) (offset (\(tables[0].address).const \(tableOffset))) func \(names.prefix(tables[0].size - 1).joined(separator: " ")))",
      "  (elem $el1 func \(names.shuffled(using: &random).joined(separator: " ")))",
      "  (data $d0 \"\(bytes(24))\")",
      "  (data $d1 (memory $m0) (offset (\(memories[0].address).const \(below(32)))) \"\(bytes(40))\")",
    ]
    for memory in memories where below(2) == 0 {
      let address = "(\(memory.address).const \(memory.size - 8))"
      lines.append("  (data (memory \(memory.name)) (offset \(address)) \"\(bytes(8))\")")
    }
    if below(12) == 0 {
      // Does not fit: instantiation traps.
      lines.append(
        "  (data (memory $m0) (offset (\(memories[0].address).const \(memories[0].size - 3))) \"abcd\")")
    }
    return lines
  }

  private mutating func bytes(_ count: Int) -> String {
    (0..<count).map { _ in
      let byte = [0, 1, 0x7F, 0x80, 0xFF, below(256)][below(6)]
      return "\\" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  private mutating func function(_ index: Int) -> String {
    current = index
    let signature = signatures[functions[index]]
    let export = below(3) > 0 || index == 0 ? " (export \"f\(index)\")" : ""
    return
      "  (func $h\(index)\(export) (type $s\(functions[index]))\(body(signature: signature, budget: profile.statementBudget)))"
  }

  /// Parameters and results by names, locals, statements, results.
  private mutating func body(signature: Signature, budget: Int) -> String {
    locals = signature.params.enumerated().map { Local(name: "$p\($0)", type: $1, isParam: true) }
    labels = []
    caught = []
    names = 0
    depth = 0
    loopDepth = 0
    self.budget = budget
    for type in ["i32", "i64", "f32", "f64"] + (profile.vectors ? ["v128"] : []) {
      _ = local(type)
    }
    var statements: [String] = []
    while self.budget > 0 { statements.append(statement()) }
    let results = signature.results.map { expression($0, 2) }
    let check =
      current >= 0
      ? "\n    (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))\n    (if (i32.lt_s (global.get $fuel) (i32.const 0)) (then (return \(signature.results.map { Self.zero($0) }.joined(separator: " ")))))"
      : ""
    let declared = locals.filter { !$0.isParam }
    let head =
      signature.params.indices.map { " (param $p\($0) \(signature.params[$0]))" }.joined()
      + self.results(signature)
      + declared.map { " (local \($0.name) \($0.type))" }.joined()
    return head + check + "\n    " + (statements + results).joined(separator: "\n    ")
  }

  func results(_ signature: Signature) -> String { Self.clause("result", signature.results) }

  static func clause(_ keyword: String, _ types: [String]) -> String {
    types.isEmpty ? "" : " (\(keyword) \(types.joined(separator: " ")))"
  }
}

// MARK: - Choices

extension Generator {
  mutating func below(_ bound: Int) -> Int { random.below(bound) }
  mutating func chance(_ one: Int) -> Bool { below(one) == 0 }
  mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }

  mutating func numberType() -> String {
    profile.vectors
      ? pick(["i32", "i32", "i64", "f32", "f64", "v128"]) : pick(["i32", "i32", "i64", "f32", "f64"])
  }

  mutating func name(_ prefix: String) -> String {
    names += 1
    return "$\(prefix)\(names)"
  }

  /// A new local.
  mutating func local(_ type: String, isAssignable: Bool = true) -> String {
    let name = name("v")
    locals.append(Local(name: name, type: type, isAssignable: isAssignable))
    return name
  }

  /// A local of a type that may be changed, if there is one.
  mutating func variable(_ type: String) -> String? {
    let found = locals.filter { $0.type == type && $0.isAssignable }
    return found.isEmpty ? nil : pick(found).name
  }

  static func zero(_ type: String) -> String {
    switch type {
    case "v128": "(v128.const i64x2 0 0)"
    case "funcref": "(ref.null func)"
    case "externref": "(ref.null extern)"
    case "exnref": "(ref.null exn)"
    default: "(\(type).const 0)"
    }
  }

  mutating func constant(_ type: String) -> String {
    switch type {
    case "i32": return "(i32.const \(integer(bits: 32)))"
    case "i64": return "(i64.const \(integer(bits: 64)))"
    case "f32", "f64":
      return "(\(type).const \(float()))"
    case "v128":
      let (shape, count) = pick([
        ("i8x16", 16), ("i16x8", 8), ("i32x4", 4), ("i64x2", 2), ("f32x4", 4), ("f64x2", 2),
      ])
      let lanes = (0..<count).map { _ in
        shape.hasPrefix("f") ? float() : "\(integer(bits: 128 / count))"
      }
      return "(v128.const \(shape) \(lanes.joined(separator: " ")))"
    default: return Self.zero(type)
    }
  }

  private mutating func float() -> String {
    pick([
      "0", "-0", "1", "-1.5", "0.1", "3.4e38", "1e-40", "2147483647", "-2147483649", "4294967296",
      "9223372036854775807", "inf", "-inf", "nan", "-nan", "nan:0x200001", "1e10", "0.5", "-2.5", "1.5",
      "-0.7",
      "127.5", "32768", "-129",
    ])
  }

  private mutating func integer(bits: Int) -> Int64 {
    let value: Int64 =
      switch below(8) {
      case 0: Int64(below(4))
      case 1: -Int64(below(4))
      case 2: Int64(1) << Int64(below(64))
      case 3: (Int64(1) << Int64(below(63))) - 1
      case 4: Int64.min
      case 5: pick([127, 128, 255, 256, 32767, 65535, 0x7FFF_FFFF, 0xFFFF_FFFF, 31, 32, 33, 63, 64])
      default: Int64(bitPattern: random.next())
      }
    return (value << Int64(64 - bits)) >> Int64(64 - bits)
  }
}
