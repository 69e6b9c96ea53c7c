import Testing

@testable import WasmModule

@Suite struct OperatorReaderTests {
  private func read(_ code: [UInt8]) -> [WasmModule.Operator] {
    let bytes = ModuleBytes(code)
    var reader = OperatorReader(bytes: bytes.buffer, range: ByteRange(start: 0, end: code.count))
    var operators: [WasmModule.Operator] = []
    withExtendedLifetime(bytes) {
      while !reader.isAtEnd { operators.append(reader.next()) }
    }
    return operators
  }

  @Test func constants() {
    let ops = read(
      [0x41, 0x7F, 0x42, 0x80, 0x80, 0x80, 0x80, 0x78]  // i32.const -1, i64.const -2147483648
        + [0x43, 0, 0, 0x80, 0x3F]  // f32.const 1
        + [0x44, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]  // f64.const 1
        + [0xFD, 0x0C] + Array(1...16))
    #expect(ops.map(\.opcode) == [.i32Const, .i64Const, .f32Const, .f64Const, .v128Const])
    #expect(ops[0].bits == 0xFFFF_FFFF)
    #expect(Int64(bitPattern: ops[1].bits) == -2_147_483_648)
    #expect(ops[2].bits == UInt64(Float(1).bitPattern))
    #expect(ops[3].bits == Double(1).bitPattern)
    #expect(ops[4].bits == 0x0807_0605_0403_0201)
    #expect(ops[4].bits2 == 0x100F_0E0D_0C0B_0A09)
    #expect(ops.map(\.offset) == [0, 2, 8, 13, 22])
  }

  @Test func extremes() {
    #expect(read([0x41, 0x80, 0x80, 0x80, 0x80, 0x78])[0].bits == 0x8000_0000)
    #expect(
      Int64(bitPattern: read([0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7F])[0].bits)
        == .min)
    #expect(
      read([0x42, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00])[0].bits == UInt64(Int64.max))
    #expect(read([0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F])[0].index == .max)
  }

  @Test func memargs() {
    // i64.load align=4 offset=300; i32.store8 memory 2, offset 1; v128.load16_lane offset 16 lane 7
    let ops = read([0x29, 2, 0xAC, 0x02, 0x3A, 0x40, 2, 1, 0xFD, 0x55, 1, 0x10, 7])
    #expect(ops[0].alignLog2 == 2 && ops[0].index == 0 && ops[0].bits == 300)
    #expect(ops[1].alignLog2 == 0 && ops[1].index == 2 && ops[1].bits == 1)
    #expect(ops[2].opcode == .v128Load16Lane && ops[2].bits == 16 && ops[2].lane == 7)
  }

  @Test func blockTypesAndTargets() {
    // block; loop (result i32); if (type 128); br_table 1 2 3; select (externref)
    let code: [UInt8] = [0x02, 0x40, 0x03, 0x7F, 0x04, 0x80, 0x01, 0x0E, 2, 1, 2, 3, 0x1C, 1, 0x6F]
    let ops = read(code)
    #expect(ops[0].blockType == .empty)
    #expect(ops[1].blockType == .value(.i32))
    #expect(ops[2].blockType == .type(TypeIdx(128)))
    let bytes = ModuleBytes(code)
    let reader = OperatorReader(bytes: bytes.buffer, range: ByteRange(start: 0, end: code.count))
    #expect(ops[3].index == 2 && reader.targets(of: ops[3]) == [1, 2, 3])
    #expect(ops[4].opcode == .selectTyped && ops[4].valType == .externref)
  }

  @Test func twoIndices() {
    // call_indirect type 5 table 1; memory.init data 3 memory 1; table.copy 2 4; ref.null extern
    let ops = read([0x11, 5, 1, 0xFC, 8, 3, 1, 0xFC, 14, 2, 4, 0xD0, 0x6F])
    #expect(ops.prefix(3).map { [$0.index, $0.index2] } == [[5, 1], [3, 1], [2, 4]])
    #expect(ops[3].heapType == .externref)
  }
}
