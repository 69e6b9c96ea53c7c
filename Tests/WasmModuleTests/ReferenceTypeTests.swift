import Testing

@testable import WasmModule

/// Types that refer to types: their identity, subtyping, and locals without a default value.
@Suite struct ReferenceTypeTests {
  private static func function(_ params: [ValType], _ results: [ValType] = []) -> SubType {
    SubType(composite: .function(FuncType(params: params, results: results)))
  }
  private static func reference(_ index: UInt32, nullable: Bool = false) -> ValType {
    .ref(.concrete(TypeIdx(rawValue: index)), nullable: nullable)
  }

  /// Two types are one if and only if their groups are equal up to the numbers of their members.
  @Test func canonicalTypes() {
    var types = TypeStore()
    types.append(group: [Self.function([.i32])])  // 0
    types.append(group: [Self.function([.i32])])  // 1, as 0
    types.append(group: [Self.function([Self.reference(0)])])  // 2
    types.append(group: [Self.function([Self.reference(1)])])  // 3, as 2
    types.append(group: [Self.function([.funcref])])  // 4
    types.append(group: [Self.function([Self.reference(5)])])  // 5, of itself
    types.append(group: [Self.function([Self.reference(6)])])  // 6, as 5
    types.append(group: [Self.function([Self.reference(8)]), Self.function([Self.reference(7)])])  // 7, 8
    types.append(group: [Self.function([Self.reference(10)]), Self.function([Self.reference(9)])])  // 9, 10
    types.append(group: [Self.function([Self.reference(11)]), Self.function([Self.reference(12)])])  // 11, 12
    let canonical = types.types.ids.map { types.canonical($0).rawValue }
    #expect(canonical == [0, 0, 1, 1, 2, 3, 3, 4, 5, 4, 5, 6, 7])
    #expect(types.canonicalTypes.values.map(\.rawValue) == [0, 2, 4, 5, 7, 8, 11, 12])
  }

  @Test func subtyping() {
    var types = TypeStore()
    types.append(group: [Self.function([])])
    types.append(group: [Self.function([])])
    types.append(group: [Self.function([.i32])])
    let chain: [ValType] = [
      .ref(.nofunc, nullable: false), Self.reference(0), Self.reference(1, nullable: true), .funcref,
    ]
    for (low, found) in chain.enumerated() {
      for (high, expected) in chain.enumerated() {
        #expect(types.matches(found, expected) == (low <= high), "\(found) for \(expected)")
      }
    }
    #expect(!types.matches(Self.reference(0), Self.reference(2)))
    #expect(!types.matches(Self.reference(0), .externref))
    #expect(!types.matches(.i32, .funcref))
    #expect(!types.matches(.funcref, .i64))
    #expect(types.matches(.ref(.noextern, nullable: true), .externref))
    #expect(!types.matches(.exnref, .externref))
  }

  /// A type may name those before it, and those of its own group, and no others.
  @Test func typesOutOfSight() {
    for (types, isValid): ([UInt8], Bool) in [
      ([1, 0x60, 1, 0x64, 0, 0], true),
      ([1, 0x60, 1, 0x64, 1, 0], false),
      ([2, 0x60, 1, 0x64, 1, 0, 0x60, 0, 0], false),
      ([1, 0x4E, 2, 0x60, 1, 0x64, 1, 0, 0x60, 0, 0], true),
      ([1, 0x4E, 2, 0x60, 1, 0x64, 2, 0, 0x60, 0, 0], false),
      ([1, 0x4E, 0], true),
    ] {
      var writer = ModuleWriter()
      writer.section(.type, types)
      let error = wasmError(writer.bytes)
      #expect((error == nil) == isValid, "\(types): \(error as Any)")
      if !isValid { #expect(error?.message.hasPrefix("unknown type") == true) }
    }
  }

  /// In bodies, too: locals, block types, `ref.null`, `select`, `call_ref`.
  @Test func typesThatDoNotExist() {
    for body: [UInt8] in [
      [1, 1, 0x63, 9, 0x0B], [0, 0x02, 0x63, 9, 0x00, 0x0B, 0x1A, 0x0B], [0, 0xD0, 9, 0x1A, 0x0B],
      [0, 0x00, 0x1C, 1, 0x63, 9, 0x1A, 0x0B], [0, 0x00, 0x14, 9, 0x0B], [0, 0x00, 0x15, 9, 0x0B],
    ] {
      #expect(wasmError(ModuleWriter.functions([body]))?.message.hasPrefix("unknown type") == true, "\(body)")
    }
  }

  /// Group sizes count towards the limit, and are compared with the bytes that remain.
  @Test func hostileGroups() {
    for size in [5, 1_000_000, 0xFFFF_FFFF] {
      var writer = ModuleWriter()
      writer.section(.type, [1, 0x4E] + ModuleWriter.u32(size))
      #expect(wasmError(writer.bytes)?.section == .type)
    }
    // Groups of 100,000 members that differ only in the last: linear time.
    let member: [UInt8] = [0x60, 1, 0x63, 0, 0]
    let group: [UInt8] =
      [0x4E] + ModuleWriter.u32(50_000) + [[UInt8]](repeating: member, count: 50_000).flatMap(\.self)
    var writer = ModuleWriter()
    writer.section(.type, [8] + [[UInt8]](repeating: group, count: 8).flatMap(\.self))
    #expect(wasmError(writer.bytes) == nil)
  }

  /// A local of a type without null is set before it is read, on every path that leads there.
  @Test func uninitializedLocals() {
    let get: [UInt8] = [0x20, 0, 0x1A]
    // ref.func 0, local.set 0
    let set: [UInt8] = [0xD2, 0, 0x21, 0]
    for (code, isValid): ([UInt8], Bool) in [
      (get, false), (set + get, true),
      ([0x02, 0x40] + set + get + [0x0B], true),
      ([0x02, 0x40] + set + [0x0B] + get, false),
      (set + [0x02, 0x40] + get + [0x0B] + get, true),
      ([0x41, 0, 0x04, 0x40] + set + [0x05] + get + [0x0B], false),
      ([0x41, 0, 0x04, 0x40] + set + [0x05] + set + get + [0x0B], true),
      ([0x02, 0x40] + set + [0x0B] + set + get, true),
    ] {
      let body: [UInt8] = [1, 1, 0x64, 0] + code + [0x0B]
      var writer = ModuleWriter()
      writer.section(.type, [1, 0x60, 0, 0])
      writer.section(.function, [1, 0])
      writer.section(.export, [1, 1, 0x66, 0, 0])
      writer.section(.code, ModuleWriter.vector([ModuleWriter.u32(body.count) + body]))
      let error = wasmError(writer.bytes)
      #expect((error == nil) == isValid, "\(code): \(error as Any)")
      if !isValid { #expect(error?.message == "uninitialized local") }
    }
  }

  /// What a block sets is forgotten at its end: many blocks that set many locals cost what they are long.
  @Test func manyLocalsInManyBlocks() {
    var code: [UInt8] = []
    for _ in 0..<2_000 {
      code += [0x02, 0x40]
      for local in 0..<100 { code += [0xD2, 0, 0x21] + ModuleWriter.u32(local) }
    }
    let body = [1] + ModuleWriter.u32(50_000) + [0x64, 0] + code + [UInt8](repeating: 0x0B, count: 2_001)
    var writer = ModuleWriter()
    writer.section(.type, [1, 0x60, 0, 0])
    writer.section(.function, [1, 0])
    writer.section(.export, [1, 1, 0x66, 0, 0])
    writer.section(.code, ModuleWriter.vector([ModuleWriter.u32(body.count) + body]))
    #expect(wasmError(writer.bytes) == nil)
  }
}
