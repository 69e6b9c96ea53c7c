import Support
import TestSupport
import WasmModule

/// A module to try, and what it was made of.
public struct Candidate: Sendable {
  public var seed: UInt64
  public var text: String
  /// Where the binary is, and what it is.
  var path: String
  var module: Module
}

/// A call of an export.
struct Call: Sendable, Hashable {
  var name: String
  /// As the drivers' lines have them: `i:ff`.
  var arguments: [String] = []

  /// For messages and directives.
  var text: String { ([name] + arguments).joined(separator: " ") }
}

/// A call, and whether what it left behind is looked at: after a fault stores may be missing or too early
/// (docs/traps.md).
struct Step: Sendable, Hashable {
  var call: Call
  var isFollowedByState: Bool
}

/// What an engine said of a step.
struct Outcome: Sendable, Equatable {
  /// `ok i:…`, `trap …` or `exception`.
  var line: String
  /// Calls of the host.
  var log: String
  var state: String?

  /// With all NaNs alike: which one an operator makes is the engine's choice.
  init(line: some StringProtocol, log: some StringProtocol, state: (some StringProtocol)?) {
    self.line = Self.withoutNaNs(line)
    self.log = Self.withoutNaNs(log)
    self.state = state.map { Self.withoutNaNs($0) }
  }

  static func withoutNaNs(_ line: some StringProtocol) -> String {
    guard line.utf8.contains(UInt8(ascii: ":")) else { return String(line) }
    return line.split(separator: " ").map { word in
      guard let bits = UInt64(word.dropFirst(2), radix: 16) else { return String(word) }
      if word.hasPrefix("f:"), Float(bitPattern: UInt32(truncatingIfNeeded: bits)).isNaN { return "f:nan" }
      if word.hasPrefix("F:"), Double(bitPattern: bits).isNaN { return "F:nan" }
      return String(word)
    }.joined(separator: " ")
  }
}

/// What is done with a module, and what comes of it: instances, each with calls up to the first trap.
struct Record: Sendable {
  /// What instantiation says, `ok` or a trap.
  var instantiation = "ok"
  var runs: [[Step]] = []
  /// As many as there are steps in `runs`.
  var outcomes: [[Outcome]] = []
}

/// The calls to make.
struct CallPlan {
  static let most = 60

  /// All exported functions of numbers and vectors, with arguments that are edges of something.
  static func calls(of module: Module, seed: UInt64) -> [Call] {
    let exports = module.exports.compactMap { export -> (name: String, type: FuncType)? in
      guard case .function(let index) = export.desc else { return nil }
      let type = module.type(of: index)
      return type.params.contains { !isPlain($0) } ? nil : (export.name.string, type)
    }
    let renewal =
      exports.contains { $0.name == "hangLimitInitializer" } ? Call(name: "hangLimitInitializer") : nil
    var calls: [Call] = []
    for (name, type) in exports
    where ![StateExport.name, "hashMemory", "hangLimitInitializer"].contains(name) {
      // Whatever else the module exports: what makes it smaller changes no argument.
      var random = SplitMix64(state: name.utf8.reduce(seed ^ 0xCA11) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
      for _ in 0..<(type.params.isEmpty ? 1 : 5) where calls.count < most {
        if let renewal { calls.append(renewal) }
        calls.append(Call(name: name, arguments: type.params.map { argument($0, &random) }))
      }
    }
    return calls
  }

  private static func isPlain(_ type: ValType) -> Bool { [.i32, .i64, .f32, .f64, .v128].contains(type) }

  private static let integers: [UInt64] = [
    0, 0, 1, 2, 7, 63, 4096, 65520, 65533, 65536, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFF0, 1 << 32,
    1 << 63, .max, .max - 15, 0x7FFF_FFFF_FFFF_FFFF,
  ]
  private static let doubles: [Double] = [
    0, -0.0, 1, -1.5, 0.1, 2_147_483_648, -2_147_483_649, 1e10, 1.8446744073709552e19, 9.3e18, .infinity,
    -.infinity, .nan, .nan, -0.0, .leastNonzeroMagnitude, 1e-40, 3.4e38, 1e300,
  ]

  /// Lanes of one width that are edges of it.
  private static func vector(_ random: inout SplitMix64) -> String {
    let byteCount = [1, 2, 4, 8][random.below(4)]
    let isFloat = byteCount >= 4 && random.below(2) == 0
    return stride(from: 0, to: 16, by: byteCount).map { _ in
      let bits: UInt64
      if isFloat {
        let value = doubles[random.below(doubles.count)]
        bits = byteCount == 4 ? UInt64(Float(value).bitPattern) : value.bitPattern
      } else {
        let sign = UInt64(1) << UInt64(8 * byteCount - 1)
        bits =
          [0, 1, 2, sign, sign - 1, sign + 1, .max, .max - 1, random.next(), 15, 16, 127, 255][
            random.below(13)]
      }
      let digits = String((bits << UInt64(64 - 8 * byteCount)) >> UInt64(64 - 8 * byteCount), radix: 16)
      return String(repeating: "0", count: 2 * byteCount - digits.count) + digits
    }.joined()
  }

  private static func argument(_ type: ValType, _ random: inout SplitMix64) -> String {
    func integer() -> UInt64 {
      random.below(3) == 0
        ? random.next() >> UInt64(random.below(64)) : integers[random.below(integers.count)]
    }
    func hexadecimal(_ bits: UInt64) -> String { String(bits, radix: 16) }
    switch type {
    case .i32: return "i:" + hexadecimal(integer() & 0xFFFF_FFFF)
    case .i64: return "I:" + hexadecimal(integer())
    case .f32: return "f:" + hexadecimal(UInt64(Float(doubles[random.below(doubles.count)]).bitPattern))
    case .f64: return "F:" + hexadecimal(doubles[random.below(doubles.count)].bitPattern)
    default: return "v:" + vector(&random)
    }
  }
}

// MARK: - In the drivers' protocol

extension Call {
  /// `instance`: what the host calls the instance; nil in a program.
  func line(instance: String?) -> String {
    (["invoke"] + (instance.map { [$0] } ?? []) + [hexadecimal(name)] + arguments).joined(separator: " ")
  }
}

extension Step {
  /// Each gets one line back.
  func lines(instance: String?) -> [String] {
    [call.line(instance: instance), "log"]
      + (isFollowedByState ? [Call(name: StateExport.name).line(instance: instance)] : [])
  }
}

/// A name in the protocol.
func hexadecimal(_ name: String) -> String {
  name.isEmpty ? "-" : name.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
