import Testing

@testable import WasmModule

@Suite struct OpcodeTableTests {
  /// `init(unchecked:)` relies on it.
  @Test func rawValuesAreHowTheEnumIsStored() {
    #expect(MemoryLayout<WasmOpcode>.size == 2)
    for opcode in WasmOpcode.allCases {
      #expect(WasmOpcode(unchecked: opcode.rawValue) == opcode)
    }
  }

  @Test func columnsAreOfOneLength() {
    let count = WasmOpcode.allCases.count
    #expect(OpcodeTable.names.split(separator: "\n").count == count)
    for length in [
      OpcodeTable.features.count, OpcodeTable.immediates.count, OpcodeTable.parameters.count,
      OpcodeTable.signatures.count,
    ] {
      #expect(length == count)
    }
  }

  @Test func everyFeatureNameIsKnown() {
    for name in OpcodeTable.featureNames where name != "mvp" {
      #expect(Features.table.contains { $0.name == name }, "\(name)")
    }
  }

  @Test func simdIsComplete() {
    #expect(WasmOpcode.allCases.count { $0.feature == .simd } == 236)
  }

  @Test func rows() {
    #expect(OpcodeTable.oneByte[0x6A] == WasmOpcode.i32Add.rawValue)
    #expect(WasmOpcode.i32Add.name == "i32.add")
    #expect(WasmOpcode.i32Add.signature?.operands() == [.i32, .i32])
    #expect(WasmOpcode.i32Add.signature?.results() == [.i32])
    #expect(WasmOpcode.i64Store32.signature?.operands(address: .i64) == [.i64, .i64])
    #expect(WasmOpcode.i64Store32.accessByteCount == 4)
    #expect(WasmOpcode.v128Load16Lane.laneCount == 8)
    #expect(WasmOpcode.call.signature == nil)
    #expect(WasmOpcode.i64Add128.signature?.results() == [.i64, .i64])
    #expect(WasmOpcode.structNew.feature == .gc)
    #expect(OpcodeTable.oneByte[0x27] == 0xFFFF)
  }
}
