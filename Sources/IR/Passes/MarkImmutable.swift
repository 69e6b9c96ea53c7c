import Support

extension Module {
  /// Clears `isMutable` of globals that no body writes and sets `isReadOnly` of tables that no body changes or
  /// hands to the runtime.
  ///
  /// Nothing outside the bodies can reach either, unless it is imported or exported. A table that is copied from is
  /// not read-only, since the runtime that copies wants a descriptor; nor is one that instantiation writes, or that
  /// holds functions of other instances.
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
    for item in imports.map(\.item) + exports.map(\.item) {
      switch item {
      case .global(let id): isWritten[id] = true
      case .table(let id): isChanged[id] = true
      case .function, .memory, .tag: break
      }
    }
    for segment in elementSegments.values { if let place = segment.place { isChanged[place.target] = true } }
    for id in tables.ids {
      if tables[id].fill != nil || tables[id].initial.contains(where: { !$0.isNone && isExternal($0) }) {
        isChanged[id] = true
      }
      // Constants are written out entry for entry: a table that is mostly null would make a huge file of a small
      // module.
      if tables[id].minimum / 2 > UInt64(tables[id].initial.count + 1024) { isChanged[id] = true }
    }
    for id in globals.ids where !isWritten[id] { globals[id].isMutable = false }
    for id in tables.ids where !isChanged[id] { tables[id].isReadOnly = true }
  }
}
