// What opcodes.table says of an operator. The table itself is in Generated/Opcodes.swift.

extension WasmOpcode {
  @inline(__always)
  var row: Int { Int(rawValue) }

  /// The operator of a raw value that came out of the generated tables.
  @inline(__always)
  init(unchecked rawValue: UInt16) {
    // `init(rawValue:)` compares with every case in turn in unoptimised builds. Raw values are the cases'
    // positions, which is also how an enum without payloads is stored; a test holds this.
    self = unsafeBitCast(rawValue, to: WasmOpcode.self)
  }

  /// The specification's name, as in the text format.
  public var name: String { Self.names[row] }

  public var immediates: ImmediatesKind { ImmediatesKind(rawValue: OpcodeTable.immediates[row])! }

  /// The proposal that brought it; empty for the MVP.
  public var feature: Features { Self.rowFeatures[row] }

  /// Bytes that a memory access touches; 0 for other operators.
  public var accessByteCount: Int { isMemoryAccess ? Int(OpcodeTable.parameters[row]) : 0 }

  /// Lanes that the lane immediate can name; 0 if there is none.
  public var laneCount: Int {
    switch immediates {
    case .lane: Int(OpcodeTable.parameters[row])
    case .memargLane: 16 / Int(OpcodeTable.parameters[row])
    default: 0
    }
  }

  private var isMemoryAccess: Bool {
    switch immediates {
    case .memarg, .memargLane: true
    default: false
    }
  }

  /// The stack signature, where it is the same for every use of the operator.
  public var signature: OpcodeSignature? {
    let packed = OpcodeTable.signatures[row]
    return packed == .max ? nil : OpcodeSignature(packed: packed)
  }

  private static let names: [String] = OpcodeTable.names.split(separator: "\n").map(String.init)

  private static let rowFeatures: [Features] = OpcodeTable.features.map { position in
    let name = OpcodeTable.featureNames[Int(position)]
    return Features.table.first { $0.name == name }?.flag ?? []
  }
}

/// Operand and result types of an operator.
public struct OpcodeSignature: Hashable, Sendable {
  /// As in `OpcodeTable.signatures`.
  let packed: UInt32

  public var operandCount: Int { Int(packed >> 24 & 7) }
  public var resultCount: Int { Int(packed >> 28 & 3) }

  /// - Parameter address: the type of addresses of the memory that the operator names.
  public func operands(address: AddressType = .i32) -> [ValType] {
    (0..<operandCount).map { Self.type(packed >> (4 * UInt32($0)), address) }
  }
  public func results(address: AddressType = .i32) -> [ValType] {
    (0..<resultCount).map { Self.type(packed >> (16 + 4 * UInt32($0)), address) }
  }

  private static func type(_ nibble: UInt32, _ address: AddressType) -> ValType {
    switch nibble & 15 {
    case 1: .i32
    case 2: .i64
    case 3: .f32
    case 4: .f64
    case 5: .v128
    default: address.valType
    }
  }
}

extension OpcodeTable {
  /// No operator of that encoding.
  static let none: UInt16 = .max
}
