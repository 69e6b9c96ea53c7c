import Support

/// Checks a module and all its functions.
public func verify(_ module: Module) -> [VerifierError] {
  var errors = verifyEntities(module)
  // Bodies name what was just checked.
  if !errors.isEmpty { return errors }
  for id in module.functions.ids {
    if let body = module.bodies[id] { errors += verify(body, in: module, id: id) }
    if errors.count >= FunctionVerifier.errorLimit { break }
  }
  return errors
}

/// Invariants 14 to 24: the module apart from what its bodies hold.
func verifyEntities(_ module: Module) -> [VerifierError] {
  var errors: [VerifierError] = []
  func fail(_ message: String, function: FunctionID = .none) {
    errors.append(VerifierError(function: function, message: message))
  }
  func checkReference(_ function: FunctionID, _ what: String) {
    guard module.functions.contains(function) else {
      return fail("\(what): function \(function.rawValue) does not exist")
    }
    if case .removed = module.functions[function].definition {
      fail("\(what): function \(function.rawValue) is removed")
    }
  }

  func checkItem(_ item: ExternItem, _ what: String) {
    switch item {
    case .function(let id): checkReference(id, what)
    case .table(let id):
      if !module.tables.contains(id) { fail("\(what): table \(id.rawValue) does not exist") }
    case .memory(let id):
      if !module.memories.contains(id) { fail("\(what): memory \(id.rawValue) does not exist") }
    case .global(let id):
      if !module.globals.contains(id) { fail("\(what): global \(id.rawValue) does not exist") }
    case .tag(let id):
      if !module.tags.contains(id) { fail("\(what): tag \(id.rawValue) does not exist") }
    }
  }
  /// Its value has one type; what it names exists. Globals only refer to those before them.
  func checkExpression(
    _ expression: ConstantExpression, _ type: Type, _ what: String, before limit: GlobalID = .none
  ) {
    var stack: [Type] = []
    for operation in expression.operators {
      switch operation {
      case .constant(let value):
        if case .function(let function) = value { checkReference(function, what) }
        stack.append(value.type)
      case .global(let id):
        guard module.globals.contains(id), id < limit else {
          return fail("\(what): global \(id.rawValue) does not exist there")
        }
        stack.append(module.globals[id].type)
      case .binary(let binary):
        guard stack.suffix(2) == [binary.type, binary.type] else {
          return fail("\(what): operands of another type")
        }
        stack.removeLast()
      }
    }
    if stack != [type] { fail("\(what): value of another type") }
  }

  if Set(module.signatures.values).count != module.signatures.count { fail("a signature is there twice") }
  guard module.bodies.count == module.functions.count else {
    fail("\(module.bodies.count) bodies for \(module.functions.count) functions")
    return errors
  }
  for id in module.functions.ids {
    let declaration = module.functions[id]
    guard module.signatures.contains(declaration.signature) else {
      fail("signature does not exist", function: id)
      continue
    }
    var isDefined = false
    if case .body = declaration.definition { isDefined = true }
    if isDefined != module.bodies.isDefined(id) { fail("definition and body do not agree", function: id) }
    if let body = module.bodies[id], body.signature != declaration.signature {
      fail("body of another signature", function: id)
    }
  }
  for id in module.tags.ids {
    let signature = module.tags[id].signature
    guard module.signatures.contains(signature), module.signatures[signature].results.isEmpty else {
      fail("tag \(id.rawValue): its signature does not exist or has results")
      continue
    }
  }
  for export in module.exports { checkItem(export.item, "export \(export.name)") }
  if !module.start.isNone {
    checkReference(module.start, "start")
    if module.functions.contains(module.start), errors.isEmpty,
      module.signatures[module.functions[module.start].signature] != Signature(params: [], results: [])
    {
      fail("start has parameters or results")
    }
  }
  if module.isThreaded {
    checkReference(module.threadStart, "thread_start")
    if module.functions.contains(module.threadStart), errors.isEmpty {
      let signature = module.signatures[module.functions[module.threadStart].signature]
      if signature.params != [.i32, .i32] || !signature.results.isEmpty {
        fail("thread_start does not take an identifier and an argument")
      }
    }
    for id in module.memories.ids where !module.memories[id].isShared {
      fail("memory \(id.rawValue): threads would share what is not shared")
    }
  }
  for id in module.globals.ids {
    let global = module.globals[id]
    let name = "global \(id.rawValue)"
    switch global.initializer {
    case .constant(let value):
      if value.type != global.type { fail("\(name): initial value of another type") }
      if case .function(let function) = value { checkReference(function, name) }
    case .expression(let expression): checkExpression(expression, global.type, name, before: id)
    case .external: break
    }
  }
  for id in module.tables.ids {
    let table = module.tables[id]
    let name = "table \(id.rawValue)"
    if !table.element.isReference { fail("\(name): no reference type") }
    if UInt64(table.initial.count) > table.minimum { fail("\(name): more entries than its minimum") }
    if let maximum = table.maximum, maximum < table.minimum { fail("\(name): maximum below minimum") }
    if let fill = table.fill { checkExpression(fill, table.element, name) }
    if !table.initial.isEmpty, table.fill != nil || table.isExternal { fail("\(name): two initial contents") }
    if table.isReadOnly, table.fill != nil || table.isExternal { fail("\(name): read-only but not known") }
    for function in table.initial where !function.isNone {
      if table.element != .funcref { fail("\(name): an entry of another type than funcref is not null") }
      checkReference(function, name)
    }
  }
  for id in module.elementSegments.ids {
    let segment = module.elementSegments[id]
    let name = "element segment \(id.rawValue)"
    for expression in segment.expressions { checkExpression(expression, segment.element, name) }
    if !segment.expressions.isEmpty, !segment.items.isEmpty { fail("\(name): functions and expressions") }
    if let place = segment.place {
      guard module.tables.contains(place.target) else {
        fail("\(name): table \(place.target.rawValue) does not exist")
        continue
      }
      let table = module.tables[place.target]
      if table.isReadOnly { fail("\(name): table \(place.target.rawValue) is read-only") }
      checkExpression(place.offset, table.isTable64 ? .i64 : .i32, name)
    }
    for function in module.elementSegments[id].items where !function.isNone {
      if module.elementSegments[id].element != .funcref {
        fail("element segment \(id.rawValue): not of funcref")
      }
      checkReference(function, "element segment \(id.rawValue)")
    }
  }
  for id in module.memories.ids { checkMemory(id, module.memories[id], fail: { fail($0) }) }
  for id in module.dataSegments.ids {
    guard let place = module.dataSegments[id].place else { continue }
    let name = "data segment \(id.rawValue)"
    if module.memories.contains(place.target) {
      checkExpression(place.offset, module.memories[place.target].isMemory64 ? .i64 : .i32, name)
    } else {
      fail("\(name): memory \(place.target.rawValue) does not exist")
    }
  }
  checkImports(module, checkItem: checkItem, fail: { fail($0) })
  return errors
}

/// Every external entity is one import's, and they come before those that the module defines.
private func checkImports(_ module: Module, checkItem: (ExternItem, String) -> Void, fail: (String) -> Void) {
  var seen: Set<ExternItem> = []
  for entry in module.imports {
    let name = "import \(entry.module).\(entry.name)"
    checkItem(entry.item, name)
    if !seen.insert(entry.item).inserted { fail("\(name): imported twice") }
  }
  func check<ID>(
    _ ids: EntityRange<ID>, _ what: String, _ item: (ID) -> ExternItem, _ isExternal: (ID) -> Bool
  ) {
    var isBehindImports = false
    for id in ids {
      if isExternal(id) != seen.contains(item(id)) {
        fail("\(what) \(id.rawValue): external or imported, not both")
      }
      if isExternal(id), isBehindImports { fail("\(what) \(id.rawValue): an import behind a definition") }
      isBehindImports = isBehindImports || !isExternal(id)
    }
  }
  check(module.functions.ids, "function", { .function($0) }, { module.isExternal($0) })
  check(module.tables.ids, "table", { .table($0) }, { module.tables[$0].isExternal })
  check(module.memories.ids, "memory", { .memory($0) }, { module.memories[$0].isExternal })
  check(module.tags.ids, "tag", { .tag($0) }, { module.tags[$0].isExternal })
  check(module.globals.ids, "global", { .global($0) }, { module.globals[$0].isExternal })
}

private func checkMemory(_ id: MemoryID, _ memory: Memory, fail: (String) -> Void) {
  let name = "memory \(id.rawValue)"
  if memory.isExternal, !memory.image.isEmpty { fail("\(name): external, but with contents") }
  if memory.pageSizeLog2 > 16 { return fail("\(name): page size out of range") }
  if let maximum = memory.maximum, maximum < memory.minimum { fail("\(name): maximum below minimum") }
  let (size, overflow) = memory.minimum.multipliedReportingOverflow(by: 1 << UInt64(memory.pageSizeLog2))
  var end: UInt64 = 0
  for chunk in memory.image {
    let (next, wraps) = chunk.offset.addingReportingOverflow(UInt64(chunk.bytes.count))
    if chunk.offset < end { fail("\(name): image not ascending or not disjoint") }
    if wraps || (!overflow && next > size) { return fail("\(name): image beyond the minimum") }
    end = next
  }
}

extension Constant {
  /// The type of the value.
  public var type: Type {
    switch self {
    case .i32: .i32
    case .i64: .i64
    case .f32: .f32
    case .f64: .f64
    case .v128: .v128
    case .null(let type): type
    case .function: .funcref
    }
  }
}
