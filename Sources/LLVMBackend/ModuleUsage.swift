import IR
import Support

/// What the bodies of a module do with its entities. All of it is in the key of each unit (`UnitKey.swift`), so that nothing
/// may be in here that each change of a body changes.
struct ModuleUsage: Sendable {
  /// A reference to the function exists that others may hold: made by `ref.func`, or in a table, a global or a
  /// segment.
  private(set) var isReferenced = SecondaryMap<FunctionID, Bool>(default: false)
  /// A call names the function, or finds it in a table that is constant data.
  private(set) var isCalled = SecondaryMap<FunctionID, Bool>(default: false)
  private(set) var dataSegments = SecondaryMap<DataID, Bool>(default: false)
  private(set) var elementSegments = SecondaryMap<ElementID, Bool>(default: false)
  private(set) var tags = SecondaryMap<TagID, Bool>(default: false)
  private(set) var signatures = SecondaryMap<SignatureID, Bool>(default: false)
  /// Memories with a memory.grow.
  private(set) var grownMemories = SecondaryMap<MemoryID, Bool>(default: false)
  private(set) var usesTailCalls = false
  private(set) var countsFuel = false

  func isUsed(_ function: FunctionID) -> Bool { isReferenced[function] || isCalled[function] }

  /// One walk over all bodies, which finds their `sizes`, too.
  init(_ module: IR.Module, _ entry: EntryPoint, _ sizes: inout FunctionSizes) {
    var isRead = SecondaryMap<TableID, Bool>(default: false)
    for id in module.bodies.ids {
      sizes.beginFunction()
      guard let body = module.bodies[id] else { continue }
      var count = 0
      var passedValues = 0
      var tagTests = 0
      // Each makes two blocks of LLVM's: divisions, conversions to integers.
      var checks = 0
      var storePairs = 0
      for block in body.blockOrder {
        var stores = 0
        count += body.blockInsts[block].count
        if let terminator = body.blockInsts[block].last {
          body.forEachBlockCall(of: terminator) {
            passedValues += body.valueLists.count(body.blockCalls[$0].arguments)
          }
        }
        for inst in body.blockInsts[block] {
          let data = body.insts[inst]
          if data.opcode.effects == .traps { checks += 1 }
          if data.opcode.format == .store { stores += 1 }
          switch data.opcode {
          case .refFunc: isReferenced[FunctionID(rawValue: data.c)] = true
          case .call: addCall(of: FunctionID(rawValue: data.b), &sizes)
          case .returnCall:
            addCall(of: FunctionID(rawValue: data.b), &sizes)
            usesTailCalls = true
          case .callIndirect: signatures[SignatureID(rawValue: data.b)] = true
          case .returnCallIndirect:
            signatures[SignatureID(rawValue: data.b)] = true
            usesTailCalls = true
          case .tableGet: isRead[TableID(rawValue: data.c)] = true
          case .memoryGrow: grownMemories[MemoryID(rawValue: data.c)] = true
          case .memoryInit, .dataDrop: dataSegments[DataID(rawValue: data.c)] = true
          case .exceptionNew: tags[TagID(rawValue: data.b)] = true
          case .exceptionIs:
            tags[TagID(rawValue: data.c)] = true
            tagTests += 1
          case .fuelCharge, .fuelCheck: countsFuel = true
          case .tableInit, .elementDrop: elementSegments[ElementID(rawValue: data.c)] = true
          default: break
          }
        }
        storePairs += stores * stores
      }
      sizes.instructionCounts[id] = count
      sizes.works[id] =
        (body.blockOrder.count + 2 * checks) * (count + 2 * passedValues)
        + CodegenPlan.tagTestWork * tagTests * tagTests + CodegenPlan.storePairWork * storePairs
    }
    addReferences(of: module, entry, isRead)
  }

  private mutating func addCall(of callee: FunctionID, _ sizes: inout FunctionSizes) {
    isCalled[callee] = true
    sizes.addCall(of: callee)
  }

  private mutating func addReferences(
    of module: IR.Module, _ entry: EntryPoint, _ isRead: SecondaryMap<TableID, Bool>
  ) {
    for id in module.tables.ids {
      let table = module.tables[id]
      for function in table.initial where !function.isNone {
        if table.isReadOnly { isCalled[function] = true }
        // Entries of constant tables are no references, until one is read.
        if !table.isReadOnly || isRead[id] || !entry.isEmbedded { isReferenced[function] = true }
      }
    }
    for segment in module.elementSegments.values {
      for function in segment.items where !function.isNone { isReferenced[function] = true }
    }
    for global in module.globals.values {
      if case .function(let function) = global.initial { isReferenced[function] = true }
    }
    module.forEachExpression {
      for operation in $0.operators {
        if case .constant(.function(let function)) = operation { isReferenced[function] = true }
      }
    }
    if entry.isEmbedded {
      for export in module.exports { if let function = export.function { isReferenced[function] = true } }
      if !module.start.isNone { isReferenced[module.start] = true }
      for id in module.functions.ids where module.isExternal(id) || isReferenced[id] {
        signatures[module.functions[id].signature] = true
      }
    }
  }
}

/// How much work the bodies are, and whom each calls: what decides about units, and nothing that lowering may ask.
struct FunctionSizes: Sendable {
  /// IR instructions of each function.
  fileprivate(set) var instructionCounts = SecondaryMap<FunctionID, Int>(default: 0)
  /// The work of each function, as `CodegenPlan.giantFunctionWork` counts it.
  fileprivate(set) var works = SecondaryMap<FunctionID, Int>(default: 0)
  /// Whom each function calls, of neighbours that are equal one; those of a function begin at `firstCallee` and end
  /// where the next one's begin.
  private var allCallees: [FunctionID] = []
  private var firstCallee: [Int] = []

  fileprivate mutating func beginFunction() { firstCallee.append(allCallees.count) }

  fileprivate mutating func addCall(of callee: FunctionID) {
    if allCallees.last != callee || firstCallee.last == allCallees.count { allCallees.append(callee) }
  }

  /// The functions that calls in this one's body name; perhaps some of them twice.
  func callees(of function: FunctionID) -> ArraySlice<FunctionID> {
    let next = function.index + 1
    let end = next < firstCallee.count ? firstCallee[next] : allCallees.count
    return allCallees[firstCallee[function.index]..<end]
  }
}
