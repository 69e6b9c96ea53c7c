import Support

extension Module {
  /// Removes what execution can't reach from the exports, the start function and `roots`: functions become
  /// `.removed`, tables, globals and segments that nothing names are emptied. Indices stay what they are.
  ///
  /// A function is reached if a function that is reached calls it or takes its reference, or if it is in a
  /// table, a global or a segment that one names.
  mutating func removeDeadEntities(roots: [FunctionID], jobs: Int) {
    var reach = Reachability(self, jobs: jobs)
    for export in exports { reach.mark(export.item) }
    reach.markInitialisers()
    if !start.isNone { reach.mark(start) }
    if isThreaded { reach.mark(threadStart) }
    for root in roots { reach.mark(root) }
    reach.run()

    // What an instance is given it is given, used or not.
    for id in functions.ids where !reach.functions[id] && !isExternal(id) {
      functions[id].definition = .removed
      bodies[id] = nil
    }
    for id in tables.ids where !reach.tables[id] && !tables[id].isExternal {
      tables[id].initial = []
      tables[id].fill = nil
      tables[id].minimum = 0
      tables[id].maximum = 0
    }
    for id in globals.ids where !reach.globals[id] {
      if case .function = globals[id].initial { globals[id].initializer = .constant(.null(globals[id].type)) }
    }
    for id in elementSegments.ids where !reach.elements[id] {
      elementSegments[id].items = []
      elementSegments[id].expressions = []
    }
    for id in dataSegments.ids where !reach.data[id] { dataSegments[id].bytes = [] }
  }
}

/// What one body names.
private struct References {
  var functions: Set<FunctionID> = []
  var tables: Set<TableID> = []
  var globals: Set<GlobalID> = []
  var elements: Set<ElementID> = []
  var data: Set<DataID> = []

  init(_ body: Function) {
    body.forEachInst { add($0) }
  }

  private mutating func add(_ inst: InstData) {
    switch inst.opcode {
    case .call, .returnCall: functions.insert(FunctionID(rawValue: inst.b))
    case .refFunc: functions.insert(FunctionID(rawValue: inst.c))
    case .callIndirect, .returnCallIndirect, .tableGet, .tableSet, .tableSize, .tableGrow:
      tables.insert(TableID(rawValue: inst.c))
    case .tableFill: tables.insert(TableID(rawValue: inst.b))
    case .tableCopy:
      tables.insert(TableID(rawValue: inst.b))
      tables.insert(TableID(rawValue: inst.c))
    case .tableInit:
      tables.insert(TableID(rawValue: inst.b))
      elements.insert(ElementID(rawValue: inst.c))
    case .memoryInit: data.insert(DataID(rawValue: inst.c))
    case .globalGet, .globalSet: globals.insert(GlobalID(rawValue: inst.c))
    default: break
    }
  }
}

private struct Reachability {
  let module: Module
  private let references: [References?]
  var functions = SecondaryMap<FunctionID, Bool>(default: false)
  var tables = SecondaryMap<TableID, Bool>(default: false)
  var globals = SecondaryMap<GlobalID, Bool>(default: false)
  var elements = SecondaryMap<ElementID, Bool>(default: false)
  var data = SecondaryMap<DataID, Bool>(default: false)
  private var work: [FunctionID] = []

  init(_ module: Module, jobs: Int) {
    self.module = module
    references = module.bodies.map(jobs: jobs) { References($1) }
  }

  mutating func mark(_ function: FunctionID) {
    if function.isNone || functions[function] { return }
    functions[function] = true
    work.append(function)
  }

  private mutating func mark(_ table: TableID) {
    if table.isNone || tables[table] { return }
    tables[table] = true
    for function in module.tables[table].initial { mark(function) }
    if let fill = module.tables[table].fill { mark(fill) }
  }

  private mutating func mark(_ global: GlobalID) {
    if globals[global] { return }
    globals[global] = true
    switch module.globals[global].initializer {
    case .constant(.function(let function)): mark(function)
    case .expression(let expression): mark(expression)
    case .constant, .external: break
    }
  }

  private mutating func mark(_ segment: ElementID) {
    if elements[segment] { return }
    elements[segment] = true
    for function in module.elementSegments[segment].items { mark(function) }
    for expression in module.elementSegments[segment].expressions { mark(expression) }
  }

  private mutating func mark(_ expression: ConstantExpression) {
    for operation in expression.operators {
      switch operation {
      case .constant(.function(let function)): mark(function)
      case .global(let global): mark(global)
      case .constant, .binary: break
      }
    }
  }

  mutating func mark(_ item: ExternItem) {
    switch item {
    case .function(let function): mark(function)
    case .table(let table): mark(table)
    case .global(let global): mark(global)
    case .memory, .tag: break
    }
  }

  /// Instantiation writes these, or traps.
  mutating func markInitialisers() {
    for id in module.elementSegments.ids {
      guard let place = module.elementSegments[id].place else { continue }
      mark(id)
      mark(place.target)
      mark(place.offset)
    }
    for id in module.dataSegments.ids {
      guard let place = module.dataSegments[id].place else { continue }
      data[id] = true
      mark(place.offset)
    }
  }

  mutating func run() {
    while let function = work.popLast() {
      guard module.bodies.contains(function), let named = references[function.index] else { continue }
      for function in named.functions { mark(function) }
      for table in named.tables { mark(table) }
      for global in named.globals { mark(global) }
      for segment in named.elements { mark(segment) }
      for segment in named.data { data[segment] = true }
    }
  }
}
