/// How the validator treats an operator: the cases of its one switch.
enum OperatorClass: UInt8 {
  /// No such encoding.
  case illegal
  /// Of a proposal that is not supported, or is switched off.
  case unsupported
  /// A prefix byte: the code behind it tells.
  case prefix

  // By signature alone, without immediates.
  case unary, binary, ternary, signature
  // Constants.
  case i32Const, i64Const, f32Const, f64Const, v128Const
  // By signature, with immediates to check.
  case load, store, loadLane, storeLane, lane, shuffle
  case atomic, atomicFence

  case nop, unreachable
  case block, loop, `if`, `else`, end
  case br, brIf, brTable, `return`
  case call, callIndirect, returnCall, returnCallIndirect
  case drop, select, selectTyped
  case localGet, localSet, localTee, globalGet, globalSet
  case memorySize, memoryGrow, memoryFill, memoryCopy, memoryInit, dataDrop
  case tableGet, tableSet, tableSize, tableGrow, tableFill, tableCopy, tableInit, elemDrop
  case refNull, refIsNull, refFunc
  case callRef, returnCallRef, refAsNonNull, brOnNull, brOnNonNull
  case `throw`, throwRef, tryTable
  /// Exceptions as they were first proposed.
  case `try`, `catch`, catchAll, rethrow, delegate
}

/// What the validator's loop needs of an operator, in one load.
struct OperatorInfo {
  var kind: OperatorClass
  /// log2 of the natural alignment, or the number of lanes.
  var parameter: UInt8 = 0
  /// Position of the bit in `Features`; 63 for the MVP.
  var featureBit: UInt8 = 63
  /// `ValType`s in one byte, 0 where there is none. Of an access what is loaded or stored: its address is
  /// not listed.
  var operand0: UInt8 = 0
  var operand1: UInt8 = 0
  var operand2: UInt8 = 0
  var result: UInt8 = 0
  /// Makes 8 bytes of it: the loop indexes by a shift.
  private var padding: UInt8 = 0

  init(kind: OperatorClass) { self.kind = kind }

  static let illegal = OperatorInfo(kind: .illegal)
}

extension OperatorInfo {
  init(_ opcode: WasmOpcode, features: Features) {
    let feature = opcode.feature
    kind = features.isSuperset(of: feature) ? Self.kind(opcode) : .unsupported
    if feature != [] { featureBit = UInt8(feature.rawValue.trailingZeroBitCount) }
    switch opcode.immediates {
    case .memarg: parameter = UInt8(opcode.accessByteCount.trailingZeroBitCount)
    case .memargLane: parameter = UInt8(opcode.accessByteCount.trailingZeroBitCount)
    case .lane: parameter = UInt8(opcode.laneCount)
    default: break
    }
    if let signature = opcode.signature {
      var operands = signature.operands().map { UInt8(truncatingIfNeeded: $0.bits) }
      if opcode.accessByteCount > 0 { operands.removeFirst() }
      operand0 = operands.count > 0 ? operands[0] : 0
      operand1 = operands.count > 1 ? operands[1] : 0
      operand2 = operands.count > 2 ? operands[2] : 0
      result = signature.results().first.map { UInt8(truncatingIfNeeded: $0.bits) } ?? 0
    }
  }

  private static func kind(_ opcode: WasmOpcode) -> OperatorClass {
    if opcode.feature == .threads { return opcode == .atomicFence ? .atomicFence : .atomic }
    if let signature = opcode.signature { return kind(opcode, signature) }
    return handwritten[opcode] ?? .unsupported
  }

  private static func kind(_ opcode: WasmOpcode, _ signature: OpcodeSignature) -> OperatorClass {
    switch opcode.immediates {
    case .none:
      guard signature.resultCount == 1 else { return .signature }
      return switch signature.operandCount {
      case 1: .unary
      case 2: .binary
      case 3: .ternary
      default: .signature
      }
    case .i32: return .i32Const
    case .i64: return .i64Const
    case .f32: return .f32Const
    case .f64: return .f64Const
    case .v128: return .v128Const
    case .memarg: return signature.resultCount == 1 ? .load : .store
    case .memargLane: return signature.resultCount == 1 ? .loadLane : .storeLane
    case .lane: return .lane
    case .shuffle: return .shuffle
    default: return .unsupported
    }
  }

  private static let handwritten: [WasmOpcode: OperatorClass] = [
    .nop: .nop, .unreachable: .unreachable,
    .block: .block, .loop: .loop, .if: .if, .else: .else, .end: .end,
    .br: .br, .brIf: .brIf, .brTable: .brTable, .return: .return,
    .call: .call, .callIndirect: .callIndirect,
    .returnCall: .returnCall, .returnCallIndirect: .returnCallIndirect,
    .drop: .drop, .select: .select, .selectTyped: .selectTyped,
    .localGet: .localGet, .localSet: .localSet, .localTee: .localTee,
    .globalGet: .globalGet, .globalSet: .globalSet,
    .memorySize: .memorySize, .memoryGrow: .memoryGrow, .memoryFill: .memoryFill,
    .memoryCopy: .memoryCopy, .memoryInit: .memoryInit, .dataDrop: .dataDrop,
    .tableGet: .tableGet, .tableSet: .tableSet, .tableSize: .tableSize, .tableGrow: .tableGrow,
    .tableFill: .tableFill, .tableCopy: .tableCopy, .tableInit: .tableInit, .elemDrop: .elemDrop,
    .refNull: .refNull, .refIsNull: .refIsNull, .refFunc: .refFunc,
    .callRef: .callRef, .returnCallRef: .returnCallRef, .refAsNonNull: .refAsNonNull,
    .brOnNull: .brOnNull, .brOnNonNull: .brOnNonNull,
    .throw: .throw, .throwRef: .throwRef, .tryTable: .tryTable,
    .try: .try, .catch: .catch, .catchAll: .catchAll, .rethrow: .rethrow, .delegate: .delegate,
  ]
}

/// What the validator knows of every encoding, with some features on.
final class OperatorTables: @unchecked Sendable {
  let oneByte: UnsafeMutableBufferPointer<OperatorInfo>
  /// Operators behind a prefix byte, by their code.
  let prefixed: [(prefix: UInt8, infos: UnsafeMutableBufferPointer<OperatorInfo>)]

  /// The tables for the default features, made once.
  private static let supported = OperatorTables(.supported)

  static func tables(for features: Features) -> OperatorTables {
    features == .supported ? supported : OperatorTables(features)
  }

  private init(_ features: Features) {
    func infos(_ rows: [UInt16]) -> UnsafeMutableBufferPointer<OperatorInfo> {
      let buffer = UnsafeMutableBufferPointer<OperatorInfo>.allocate(capacity: rows.count)
      for (code, row) in rows.enumerated() {
        let info =
          row == OpcodeTable.none ? .illegal : OperatorInfo(WasmOpcode(unchecked: row), features: features)
        buffer.initializeElement(at: code, to: info)
      }
      return buffer
    }
    oneByte = infos(OpcodeTable.oneByte)
    prefixed = [
      (0xFC, infos(OpcodeTable.prefixFC)), (0xFD, infos(OpcodeTable.prefixFD)),
      (0xFE, infos(OpcodeTable.prefixFE)), (0xFB, infos(OpcodeTable.prefixFB)),
    ]
    for (prefix, _) in prefixed { oneByte[Int(prefix)] = OperatorInfo(kind: .prefix) }
  }

  deinit {
    oneByte.deallocate()
    for (_, infos) in prefixed { infos.deallocate() }
  }
}
