public import Support
public import WasmModule

/// A module with its imports, its memories, tables and globals. Valid as long as its store.
public final class Instance {
  public let module: Module
  unowned let store: Store
  let record: UnsafeMutablePointer<InstanceRecord>

  // Index spaces; imports first.
  /// The store's number of each type.
  let typeIDs: [UInt32]
  var functions: [UnsafeMutablePointer<FunctionRecord>] = []
  var memories: [Memory] = []
  var tables: [Table] = []
  var globals: [Global] = []
  var tags: [Tag] = []
  let data: UnsafeMutablePointer<DataRecord>
  let elements: UnsafeMutablePointer<ElementRecord>
  private var initializedElements = 0
  private let definedFunctions: UnsafeMutablePointer<FunctionRecord>
  private var definedCount = 0

  init(_ module: Module, in store: Store) throws(InstantiationError) {
    self.module = module
    self.store = store
    typeIDs = try store.types.add(module)
    record = .allocate(capacity: 1)
    record.initialize(to: InstanceRecord(memory: store.emptyMemory, index: store.instances.count))
    data = .allocate(capacity: max(1, module.data.count))
    elements = .allocate(capacity: max(1, module.elements.count))
    definedFunctions = .allocate(capacity: max(1, module.functions.count - module.importedFunctionCount))
  }

  deinit {
    for index in 0..<initializedElements { elements[index].entries.deallocate() }
    definedFunctions.deallocate()
    elements.deallocate()
    data.deallocate()
    record.deallocate()
  }

  /// What the module exports under a name.
  public func export(_ name: ByteString) -> Extern? {
    guard let found = module.exports.first(where: { $0.name == name }) else { return nil }
    return extern(found.desc)
  }

  func extern(_ desc: ExternDesc) -> Extern {
    switch desc {
    case .function(let index): .function(Function(record: functions[index.index], store: store))
    case .table(let index): .table(tables[index.index])
    case .memory(let index): .memory(memories[index.index])
    case .global(let index): .global(globals[index.index])
    case .tag(let index): .tag(tags[index.index])
    }
  }

  // MARK: - Making

  /// A type in the store's numbers.
  func storeType(_ type: ValType) -> ValType { type.mapped { typeIDs[Int($0)] } }

  func define() throws(InstantiationError) {
    defineFunctions()
    for memory in module.memories.values where memory.origin == .defined {
      memories.append(try store.makeMemory(memory.type))
    }
    if let first = memories.first { record.pointee.memory = first.record }
    for tag in module.tags.values where tag.origin == .defined {
      let made = Tag(
        type: typeIDs[tag.type.index], slots: FuncType.slots(module.types.functionType(tag.type).params))
      store.tags.append(made)
      tags.append(made)
    }
    for global in module.globals.values {
      guard let initializer = global.initializer else { continue }
      let (low, high) = evaluate(initializer)
      globals.append(
        store.makeGlobal(
          GlobalType(type: storeType(global.type.type), isMutable: global.type.isMutable), low, high))
    }
    for table in module.tables.values where table.origin == .defined {
      var type = table.type
      type.element = storeType(type.element)
      let made = try Table(type, filledWith: table.initializer.map { evaluate($0).low } ?? 0, in: store)
      store.tables.append(made)
      tables.append(made)
    }
    for (index, segment) in module.data.values.enumerated() {
      let bytes = module.bytes.buffer.baseAddress.map { $0 + segment.bytes.start }
      (data + index).initialize(
        to: DataRecord(bytes: bytes ?? UnsafeRawPointer(record), count: UInt64(segment.bytes.count)))
    }
    for segment in module.elements.values { defineElements(segment) }
  }

  private func defineFunctions() {
    // Each type's slots once: there can be a thousand to a type.
    var slots: [(params: UInt32, results: UInt32)?] = .init(repeating: nil, count: module.types.count)
    functions.reserveCapacity(module.functions.count)
    for (index, function) in module.functions.values.enumerated() where function.origin == .defined {
      let type = function.type.index
      if slots[type] == nil {
        let signature = module.types.functionType(function.type)
        slots[type] = (FuncType.slots(signature.params), FuncType.slots(signature.results))
      }
      let (params, results) = slots[type]!
      let made = definedFunctions + definedCount
      definedCount += 1
      made.initialize(
        to: FunctionRecord(
          code: UnsafePointer(made.stub), frameSlots: params + UInt32(headerSlots), paramSlots: params,
          resultSlots: results, type: typeIDs[type], instance: record,
          stub: Instruction(.compile, word: UInt64(at: made)), index: UInt32(index)))
      functions.append(made)
    }
  }

  private func defineElements(_ segment: ElementSegment) {
    let values: [UInt64]
    switch segment.items {
    case .functions(let indices): values = indices.map { UInt64(at: functions[$0.index]) }
    case .expressions(let expressions): values = expressions.map { evaluate($0).low }
    }
    let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: max(1, values.count))
    for (index, value) in values.enumerated() { entries[index] = value }
    (elements + initializedElements).initialize(
      to: ElementRecord(entries: entries, count: UInt64(values.count)))
    initializedElements += 1
  }

  /// Active segments, in order: those before one that does not fit stay written.
  func initialize() -> Trap {
    for (index, segment) in module.elements.values.enumerated() {
      guard case .active(let table, let offset) = segment.mode else {
        if case .declarative = segment.mode { elements[index].count = 0 }
        continue
      }
      let operands = [evaluate(offset).low, 0, elements[index].count]
      let trap = initTable(tables[Int(table)].record, from: elements + index, operands)
      if trap != .none { return trap }
      elements[index].count = 0
    }
    for (index, segment) in module.data.values.enumerated() {
      guard case .active(let memory, let offset) = segment.mode else { continue }
      let operands = [evaluate(offset).low, 0, data[index].count]
      let trap = initMemory(memories[Int(memory)].record, from: data + index, operands)
      if trap != .none { return trap }
      data[index].count = 0
    }
    return .none
  }

  /// A constant expression's value, in slots.
  func evaluate(_ expression: ConstExpr) -> (low: UInt64, high: UInt64) {
    var stack: [(UInt64, UInt64)] = []
    func binary(_ operation: (UInt64, UInt64) -> UInt64) {
      let y = stack.removeLast().0
      let x = stack.removeLast().0
      stack.append((operation(x, y), 0))
    }
    func narrow(_ operation: (UInt64, UInt64) -> UInt64) { binary { operation($0, $1) & 0xFFFF_FFFF } }
    for op in expression.ops {
      switch op {
      case .i32(let value): stack.append((UInt64(UInt32(bitPattern: value)), 0))
      case .i64(let value): stack.append((UInt64(bitPattern: value), 0))
      case .f32(let bits): stack.append((UInt64(bits), 0))
      case .f64(let bits): stack.append((bits, 0))
      case .v128(let low, let high): stack.append((low, high))
      case .refNull: stack.append((0, 0))
      case .refFunc(let index): stack.append((UInt64(at: functions[index.index]), 0))
      case .globalGet(let index): stack.append(globals[index.index].value)
      case .i32Add: narrow(&+)
      case .i32Sub: narrow(&-)
      case .i32Mul: narrow(&*)
      case .i64Add: binary(&+)
      case .i64Sub: binary(&-)
      case .i64Mul: binary(&*)
      }
    }
    return stack.last!
  }

  /// For collections: exceptions can be in element segments through globals.
  func visitElements(_ visit: (UInt64) -> Void) {
    for (index, segment) in module.elements.values.enumerated() where index < initializedElements {
      guard segment.type.isReference, segment.type.heapType == .exn else { continue }
      for entry in 0..<Int(elements[index].count) { visit(elements[index].entries[entry]) }
    }
  }
}
