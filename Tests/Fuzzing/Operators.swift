import WasmModule

/// The operators that expressions are made of, by what the project's own table says of them.
enum Operators {
  /// Operands and a result, and nothing else but perhaps a lane.
  struct Simple: Sendable {
    var name: String
    var operands: [String]
    var result: String
    /// 0: no lane.
    var laneCount: Int
    var isRelaxed: Bool
    /// Its result may be a NaN of the engine's choice.
    var makesNaN: Bool
    var mayTrap: Bool
    /// Of floats that show their bits in the result: positions of the operands.
    var revealed: [Int]

    /// The lanes of a vector's floats in the operands: those of the result, but `promote_low_f32x4` and
    /// `demote_f64x2_zero` take others.
    var operandShape: String {
      String(name.split { $0 == "." || $0 == "_" }.last { ["f32x4", "f64x2"].contains($0) } ?? "")
    }
  }

  /// An access of memory: of what is behind the address, and in bytes.
  struct Access: Sendable {
    var name: String
    var operands: [String]
    var result: String?
    var laneCount: Int
    var byteCount: Int
  }

  static let simple: [String: [Simple]] = Dictionary(
    grouping: WasmOpcode.allCases.compactMap(simple), by: \.result)
  static let all = ["i32", "i64", "f32", "f64", "v128"].flatMap { simple[$0]! }
  static let scalars = all.filter { $0.result != "v128" && !$0.operands.contains("v128") }
  static let vectors = all.filter { $0.result == "v128" || $0.operands.contains("v128") }
  /// Vectors of floats, by their shape.
  static let vectorFloats: [String: [Simple]] = Dictionary(
    grouping: simple["v128", default: []].filter(\.makesNaN), by: { String($0.name.prefix(5)) })

  static let loads = Dictionary(grouping: accesses.filter { $0.result != nil }, by: { $0.result! })
  static let stores = accesses.filter { $0.result == nil }
  static let atomics = Dictionary(grouping: atomicAccesses.filter { $0.result != nil }, by: { $0.result! })
  static let atomicStores = atomicAccesses.filter { $0.result == nil }

  private static func simple(_ opcode: WasmOpcode) -> Simple? {
    guard Features.supported.isSuperset(of: opcode.feature), [.none, .lane].contains(opcode.immediates),
      let signature = opcode.signature, signature.resultCount == 1,
      // What a * b + c is depends on the target.
      !opcode.name.hasSuffix("madd")
    else { return nil }
    let operands = signature.operands().map(text)
    let isFloat = ["f32", "f64"].contains(opcode.name.prefix(3))
    let operation = opcode.name.split(separator: ".").last ?? ""
    let arithmetic = ["add", "sub", "mul", "div", "min", "max", "sqrt", "ceil", "floor", "trunc", "nearest"]
    let revealed: [Int] =
      switch operation {
      case _ where operation.hasPrefix("reinterpret") && !isFloat: [0]
      case "copysign": [1]
      case "splat", "replace_lane": operands.indices.filter { operands[$0].hasPrefix("f") }
      default: []
      }
    return Simple(
      name: opcode.name, operands: operands, result: text(signature.results()[0]),
      laneCount: opcode.laneCount,
      isRelaxed: opcode.feature == .relaxedSIMD,
      makesNaN: isFloat
        && (arithmetic.contains(String(operation)) || operation.hasPrefix("demote")
          || operation.hasPrefix("promote")),
      mayTrap: !isFloat
        && (["div_s", "div_u", "rem_s", "rem_u"].contains(operation)
          || operation.hasPrefix("trunc_f") && operands.count == 1 && operands[0] != "v128"),
      revealed: revealed)
  }

  private static let accesses = WasmOpcode.allCases.compactMap { access($0, isAtomic: false) }
  private static let atomicAccesses = WasmOpcode.allCases.compactMap { opcode in
    // Nobody else is there to wait for.
    opcode.name.contains("atomic.wait") ? nil : access(opcode, isAtomic: true)
  }

  private static func access(_ opcode: WasmOpcode, isAtomic: Bool) -> Access? {
    guard [.memarg, .memargLane].contains(opcode.immediates), (opcode.feature == .threads) == isAtomic,
      let signature = opcode.signature
    else { return nil }
    return Access(
      name: opcode.name, operands: signature.operands().dropFirst().map(text),
      result: signature.results().first.map(text), laneCount: opcode.laneCount,
      byteCount: opcode.accessByteCount)
  }

  static func text(_ type: ValType) -> String {
    switch type {
    case .i32: "i32"
    case .i64: "i64"
    case .f32: "f32"
    case .f64: "f64"
    default: "v128"
    }
  }
}
