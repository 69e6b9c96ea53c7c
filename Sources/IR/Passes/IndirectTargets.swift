import Support

/// Where an indirect call looks for a function, and which ones it may call.
struct IndirectSite: Hashable {
  var signature: SignatureID
  var table: TableID
}

/// What indirect calls through tables that nothing changes can come to: found once for a module, and not in each function.
struct IndirectTargets: Sendable {
  struct Target {
    var index: UInt64
    var function: FunctionID
  }
  struct Targets {
    /// The first few, by their places.
    var first: [Target] = []
    /// Places with a function of the signature.
    var count = 0
    /// Nil if there are several.
    var only: FunctionID?
  }
  struct Nulls {
    /// In front of all functions.
    var leading: UInt64 = 0
    var areAllLeading = true
  }

  private var targets: [IndirectSite: Targets] = [:]
  private var nulls: [TableID: Nulls] = [:]

  /// Of those that are listed: more take longer to tell apart than a table's entry takes to load.
  static let most = 4

  init() {}

  init(_ module: Module) {
    for id in module.tables.ids where module.tables[id].isReadOnly {
      let table = module.tables[id]
      var nulls = Nulls(areAllLeading: UInt64(table.initial.count) == table.minimum)
      for (index, function) in table.initial.enumerated() {
        if function.isNone {
          if nulls.leading == index { nulls.leading += 1 } else { nulls.areAllLeading = false }
          continue
        }
        let site = IndirectSite(signature: module.functions[function].signature, table: id)
        targets[site, default: Targets(only: function)].add(Target(index: UInt64(index), function: function))
      }
      self.nulls[id] = nulls
    }
  }

  subscript(site: IndirectSite) -> Targets { targets[site] ?? Targets() }

  /// Of a table that nothing changes.
  func nulls(of table: TableID) -> Nulls { nulls[table] ?? Nulls() }
}

extension IndirectTargets.Targets {
  fileprivate mutating func add(_ target: IndirectTargets.Target) {
    count += 1
    if only != target.function { only = nil }
    if first.count < IndirectTargets.most { first.append(target) }
  }
}
