import Support

extension Module {
  /// Clears `isMutable` of globals that no body writes and sets `isReadOnly` of tables that no body changes or
  /// hands to the runtime.
  ///
  /// Nothing outside the bodies can reach either, unless it is imported or exported. A table that is copied from is
  /// not read-only, since the runtime that copies wants a descriptor; nor is one that instantiation writes, or that
  /// holds functions of other instances.
  mutating func markImmutable(jobs: Int) {
    var isWritten = SecondaryMap<GlobalID, Bool>(default: false)
    var isChanged = SecondaryMap<TableID, Bool>(default: false)
    for case let changes? in bodies.map(jobs: jobs, { Changes($1) }) {
      for global in changes.globals { isWritten[global] = true }
      for table in changes.tables { isChanged[table] = true }
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

/// What one body changes.
private struct Changes {
  var globals: Set<GlobalID> = []
  var tables: Set<TableID> = []

  init(_ body: Function) {
    body.forEachInst { data in
      switch data.opcode {
      case .globalSet: globals.insert(GlobalID(rawValue: data.c))
      case .tableSet, .tableGrow: tables.insert(TableID(rawValue: data.c))
      case .tableFill, .tableInit: tables.insert(TableID(rawValue: data.b))
      case .tableCopy:
        tables.insert(TableID(rawValue: data.b))
        tables.insert(TableID(rawValue: data.c))
      default: break
      }
    }
  }
}
