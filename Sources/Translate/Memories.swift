import IR
import WasmModule

// What concerns whole memories and segments; loads and stores are simple operators.
extension FunctionTranslator {
  mutating func translateMemories(_ op: Operator) -> Bool {
    let memory = MemoryID(rawValue: op.index)
    switch op.opcode {
    case .memorySize: push(builder.entity(.memorySize, addressShape(of: memory), memory))
    case .memoryGrow: push(builder.unaryEntity(.memoryGrow, addressShape(of: memory), pop(), memory))
    case .memoryFill:
      builder.listEntities(.memoryFill, stack.suffix(3), memory)
      stack.removeLast(3)
    case .memoryCopy:
      builder.listEntities(.memoryCopy, stack.suffix(3), memory, MemoryID(rawValue: op.index2))
      stack.removeLast(3)
    case .memoryInit:
      builder.listEntities(
        .memoryInit, stack.suffix(3), MemoryID(rawValue: op.index2), DataID(rawValue: op.index))
      stack.removeLast(3)
    case .atomicFence: builder.nullary(.atomicFence, .none)
    case .dataDrop: builder.entity(.dataDrop, .none, DataID(rawValue: op.index))
    default: return false
    }
    return true
  }

  private func addressShape(of memory: MemoryID) -> Shape {
    builder.module.memories[memory].isMemory64 ? .i64 : .i32
  }
}
