public import IR
import Support

/// A number for what a module imports and exports, in order and with all types. Code that was made for one
/// interface (a generated header) must not be used with another.
public func interfaceHash(of module: IR.Module) -> UInt64 {
  var hash = InterfaceHash()
  func add(_ item: ExternItem) {
    let (kind, _) = item.kindAndIndex
    hash.add(UInt64(kind.rawValue))
    switch item {
    case .function(let id):
      let signature = module.signatures[module.functions[id].signature]
      hash.add(signature.preciseTypes)
    case .table(let id):
      let table = module.tables[id]
      hash.add(table.preciseElement ?? table.element.preciseText)
      hash.add(table.minimum, table.maximum ?? .max, table.isTable64 ? 1 : 0)
    case .memory(let id):
      let memory = module.memories[id]
      hash.add(memory.minimum, memory.maximum ?? .max, memory.isMemory64 ? 1 : 0)
      hash.add(memory.isShared ? 1 : 0, UInt64(memory.pageSizeLog2))
    case .global(let id):
      let global = module.globals[id]
      hash.add(global.preciseType ?? global.type.preciseText)
      hash.add(global.isMutable ? 1 : 0)
    case .tag(let id): hash.add(module.signatures[module.tags[id].signature].preciseTypes)
    }
  }
  hash.add(UInt64(module.imports.count))
  for entry in module.imports {
    hash.add(entry.module)
    hash.add(entry.name)
    add(entry.item)
  }
  hash.add(UInt64(module.exports.count))
  for export in module.exports {
    hash.add(export.name)
    add(export.item)
  }
  return hash.value
}

/// FNV-1a over bytes; lists and names with their lengths, so that no two interfaces are written the same.
private struct InterfaceHash {
  private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

  private mutating func add(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

  mutating func add(_ numbers: UInt64...) {
    for number in numbers {
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        add(byte: UInt8(truncatingIfNeeded: number >> shift))
      }
    }
  }

  mutating func add(_ types: PreciseTypes) {
    add(types.params)
    add(types.results)
  }

  mutating func add(_ text: String) { add(ByteString(text)) }

  mutating func add(_ name: ByteString) {
    add(UInt64(name.bytes.count))
    for byte in name.bytes { add(byte: byte) }
  }
}
