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

/// Invariants 14 to 20: the module apart from what its bodies hold.
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
    if isDefined != (module.bodies[id] != nil) { fail("definition and body do not agree", function: id) }
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
  for export in module.exports { checkReference(export.function, "export \(export.name)") }
  if !module.start.isNone {
    checkReference(module.start, "start")
    if module.functions.contains(module.start), errors.isEmpty,
      module.signatures[module.functions[module.start].signature] != Signature(params: [], results: [])
    {
      fail("start has parameters or results")
    }
  }
  for id in module.globals.ids {
    let global = module.globals[id]
    if global.initial.type != global.type { fail("global \(id.rawValue): initial value of another type") }
    if case .function(let function) = global.initial { checkReference(function, "global \(id.rawValue)") }
  }
  for id in module.tables.ids {
    let table = module.tables[id]
    let name = "table \(id.rawValue)"
    if !table.element.isReference { fail("\(name): no reference type") }
    if UInt64(table.initial.count) > table.minimum { fail("\(name): more entries than its minimum") }
    if let maximum = table.maximum, maximum < table.minimum { fail("\(name): maximum below minimum") }
    for function in table.initial where !function.isNone {
      if table.element != .funcref { fail("\(name): an entry of another type than funcref is not null") }
      checkReference(function, name)
    }
  }
  for id in module.elementSegments.ids {
    for function in module.elementSegments[id].items where !function.isNone {
      if module.elementSegments[id].element != .funcref {
        fail("element segment \(id.rawValue): not of funcref")
      }
      checkReference(function, "element segment \(id.rawValue)")
    }
  }
  for id in module.memories.ids { checkMemory(id, module.memories[id], fail: { fail($0) }) }
  return errors
}

private func checkMemory(_ id: MemoryID, _ memory: Memory, fail: (String) -> Void) {
  let name = "memory \(id.rawValue)"
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
