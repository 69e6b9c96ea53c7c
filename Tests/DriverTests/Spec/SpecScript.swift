import FoundationEssentials
import SystemPackage
import TestSupport

/// A script of the specification's test suite, as `wasm-tools json-from-wast` writes it.
struct SpecScript: Decodable, Sendable {
  var commands: [Command]

  struct Command: Decodable, Sendable {
    var type: String
    var line: Int
    var filename: String?
    /// The module in the binary format, where `filename` is text.
    var binaryFilename: String?
    /// `module_instance`: the definition, and the name of the instance.
    var module: String?
    var instance: String?
    /// Name that a module is given in the script, or the module that is registered.
    var name: String?
    var registeredName: String?
    var action: Action?
    var expected: [SpecValue]?
    var text: String?

    enum CodingKeys: String, CodingKey {
      case type, line, filename, module, instance, name, action, expected, text
      case binaryFilename = "binary_filename"
      case registeredName = "as"
    }
  }

  struct Action: Decodable, Sendable {
    var type: String
    var module: String?
    var field: String
    var args: [SpecValue]?
  }

  static func load(_ folder: FilePath) throws -> SpecScript {
    let json = folder.appending((folder.lastComponent?.string ?? "") + ".json")
    return try JSONDecoder().decode(SpecScript.self, from: Data(TestSupport.read(json)))
  }
}

/// An argument or an expected result.
indirect enum SpecValue: Sendable {
  /// Type letter of the script protocol, and bits.
  case bits(Character, low: UInt64, high: UInt64)
  case null(Character)
  /// A function reference that is not null.
  case anyFunction
  /// A host reference, by the script's number for it.
  case host(UInt64)
  case float(bits: Int, NaN)
  case vector(laneBits: Int, [Lane])
  case either([SpecValue])
  /// Of a type that the static model's scripts can't pass.
  case unsupported(String)

  enum NaN: String, Sendable { case canonical = "nan:canonical", arithmetic = "nan:arithmetic" }
  enum Lane: Sendable {
    case bits(UInt64)
    case nan(NaN)
  }
}

extension SpecValue: Decodable {
  private enum CodingKeys: String, CodingKey {
    case type, value, values
    case laneType = "lane_type"
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let type = try container.decode(String.self, forKey: .type)
    if type == "either" {
      self = .either(try container.decode([SpecValue].self, forKey: .values))
      return
    }
    if type == "v128" {
      let laneType = try container.decode(String.self, forKey: .laneType)
      let bits = Int(laneType.drop { !$0.isNumber })!
      let lanes = try container.decode([String].self, forKey: .value).map { text in
        NaN(rawValue: text).map { Lane.nan($0) } ?? .bits(Self.number(text, bits: bits))
      }
      self = .vector(laneBits: bits, lanes)
      return
    }
    let text = try container.decodeIfPresent(String.self, forKey: .value)
    switch (type, text) {
    case ("i32", let text?): self = .bits("i", low: Self.number(text, bits: 32), high: 0)
    case ("i64", let text?): self = .bits("I", low: Self.number(text, bits: 64), high: 0)
    case ("f32", let text?), ("f64", let text?):
      let bits = type == "f32" ? 32 : 64
      if let nan = NaN(rawValue: text) {
        self = .float(bits: bits, nan)
      } else {
        self = .bits(bits == 32 ? "f" : "F", low: Self.number(text, bits: bits), high: 0)
      }
    case ("funcref", "null"): self = .null("r")
    // Whatever its type.
    case ("refnull", _), ("nullfuncref", _), ("nullexternref", _), ("nullexnref", _), ("nullref", _):
      self = .null("r")
    case ("exnref", "null"): self = .null("x")
    case ("externref", "null"): self = .null("e")
    case ("funcref", nil): self = .anyFunction
    case ("externref", let text?): self = .host(Self.number(text, bits: 64))
    default: self = .unsupported(type)
    }
  }

  /// The suite writes integers signed or unsigned, and floats by their bits.
  private static func number(_ text: String, bits: Int) -> UInt64 {
    let value = Int64(text).map { UInt64(bitPattern: $0) } ?? UInt64(text)!
    return bits == 64 ? value : value & (1 << UInt64(bits) - 1)
  }
}

// MARK: - In the script protocol

extension SpecValue {
  /// `i:ffffffff`, or nil for what can't be passed.
  var argument: String? {
    switch self {
    case .bits(let type, let low, _): "\(type):\(String(low, radix: 16))"
    case .null(let type): "\(type):0"
    // 0 is null.
    case .host(let number): "e:\(String(number + 1, radix: 16))"
    case .vector(let laneBits, let lanes):
      "v:"
        + lanes.reversed().map { lane in
          guard case .bits(let bits) = lane else { return "" }
          let digits = String(bits, radix: 16)
          return String(repeating: "0", count: laneBits / 4 - digits.count) + digits
        }.joined()
    case .anyFunction, .float, .either, .unsupported: nil
    }
  }

  /// For messages.
  var text: String {
    switch self {
    case .bits, .null, .host: argument ?? ""
    case .vector: argument.flatMap { $0.count == 34 ? $0 : nil } ?? "v128 with NaN"
    case .anyFunction: "funcref"
    case .float(let bits, let nan): "f\(bits) \(nan.rawValue)"
    case .either(let values): values.map(\.text).joined(separator: " or ")
    case .unsupported(let type): type
    }
  }

  /// Whether a result that the program printed is what the suite expects.
  func matches(_ result: Substring) -> Bool {
    guard let type = result.first, result.dropFirst().first == ":" else { return false }
    let digits = result.dropFirst(2)
    guard let low = UInt64(digits.suffix(16), radix: 16) else { return false }
    let high = UInt64(digits.dropLast(16), radix: 16) ?? 0
    switch self {
    case .bits(let expected, let bits, _): return type == expected && low == bits
    case .null(let expected): return (type == expected || "rex".contains(type)) && low == 0
    case .anyFunction: return type == "r" && low != 0
    case .host(let number): return type == "e" && low == number + 1
    case .float(let bits, let nan): return type == (bits == 32 ? "f" : "F") && nan.matches(low, bits: bits)
    case .vector(let laneBits, let lanes):
      guard type == "v" else { return false }
      return lanes.enumerated().allSatisfy { index, lane in
        let position = index * laneBits
        let word = position < 64 ? low : high
        let mask: UInt64 = laneBits == 64 ? .max : 1 << UInt64(laneBits) - 1
        let bits = word >> UInt64(position % 64) & mask
        return switch lane {
        case .bits(let expected): bits == expected
        case .nan(let nan): nan.matches(bits, bits: laneBits)
        }
      }
    case .either(let values): return values.contains { $0.matches(result) }
    case .unsupported: return false
    }
  }
}

extension SpecValue.NaN {
  /// Canonical: only the quiet bit of the payload is set. Arithmetic: at least that (4.3.3).
  fileprivate func matches(_ value: UInt64, bits: Int) -> Bool {
    let quiet: UInt64 = bits == 32 ? 0x7FC0_0000 : 0x7FF8_0000_0000_0000
    let magnitude: UInt64 = bits == 32 ? 0x7FFF_FFFF : 0x7FFF_FFFF_FFFF_FFFF
    return switch self {
    case .canonical: value & magnitude == quiet
    case .arithmetic: value & quiet == quiet
    }
  }
}
