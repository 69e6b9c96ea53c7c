import Support

extension Module {
  /// Clears `isMutable` of globals that no body writes and sets `isReadOnly` of tables that no body changes or
  /// hands to the runtime.
  ///
  /// In the static model nothing outside the bodies can reach either: exports are functions. A table that is
  /// copied from is not read-only either, since the runtime that copies wants a descriptor.
  mutating func markImmutable() {
    var isWritten = SecondaryMap<GlobalID, Bool>(default: false)
    var isChanged = SecondaryMap<TableID, Bool>(default: false)
    for id in bodies.ids {
      guard let body = bodies[id] else { continue }
      for block in body.blockOrder {
        for inst in body.blockInsts[block] {
          let data = body.insts[inst]
          switch data.opcode {
          case .globalSet: isWritten[GlobalID(rawValue: data.c)] = true
          case .tableSet, .tableGrow: isChanged[TableID(rawValue: data.c)] = true
          case .tableFill, .tableInit: isChanged[TableID(rawValue: data.b)] = true
          case .tableCopy:
            isChanged[TableID(rawValue: data.b)] = true
            isChanged[TableID(rawValue: data.c)] = true
          default: break
          }
        }
      }
    }
    for id in globals.ids where !isWritten[id] { globals[id].isMutable = false }
    for id in tables.ids where !isChanged[id] { tables[id].isReadOnly = true }
  }
}
