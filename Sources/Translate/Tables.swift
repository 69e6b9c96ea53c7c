import IR
import WasmModule

// Tables and element segments.
extension FunctionTranslator {
  mutating func translateTables(_ op: Operator) -> Bool {
    let table = TableID(rawValue: op.index)
    switch op.opcode {
    case .tableGet:
      push(builder.unaryEntity(.tableGet, Shape(builder.module.tables[table].element), pop(), table))
    case .tableSet:
      let value = pop()
      builder.binaryEntity(.tableSet, shape(of: value), pop(), value, table)
    case .tableSize: push(builder.entity(.tableSize, addressShape(of: table), table))
    case .tableGrow:
      let delta = pop()
      push(builder.binaryEntity(.tableGrow, addressShape(of: table), pop(), delta, table))
    case .tableFill:
      builder.listEntities(.tableFill, stack.suffix(3), table)
      stack.removeLast(3)
    case .tableCopy:
      builder.listEntities(.tableCopy, stack.suffix(3), table, TableID(rawValue: op.index2))
      stack.removeLast(3)
    case .tableInit:
      builder.listEntities(
        .tableInit, stack.suffix(3), TableID(rawValue: op.index2), ElementID(rawValue: op.index))
      stack.removeLast(3)
    case .elemDrop: builder.entity(.elementDrop, .none, ElementID(rawValue: op.index))
    default: return false
    }
    return true
  }

  private func addressShape(of table: TableID) -> Shape {
    builder.module.tables[table].isTable64 ? .i64 : .i32
  }
}
