internal import CLLVM
import CRuntimeABI
import IR
import Support

// `struct wasmaot_code` and all that it points to: constant data, which the runtime makes instances from.
extension EmbeddedModel {
  func defineModule() {
    if !unit.isOnly { defineShared() }
    var expressions = ExpressionTable(self)
    let signatures = module.signatures.ids.map { id in
      let signature = module.signatures[id]
      let isUsed = facts.usage.signatures[id]
      return base.record([
        text(signature.preciseTypes.params), text(signature.preciseTypes.results),
        isUsed ? enterFunction(id) : base.null, isUsed ? hostAdaptor(id) : base.null,
      ])
    }
    let functions = module.functions.ids.map { id in
      entity(
        offset: layout.imports[id], flags: imported(module.isExternal(id)),
        signature: module.functions[id].signature.rawValue)
    }
    let tables = module.tables.ids.map { tableEntity($0, &expressions) }
    let memories = module.memories.ids.map { memoryEntity($0) }
    let globals = module.globals.ids.map { globalEntity($0, &expressions) }
    let tags = module.tags.ids.map { id in
      entity(
        offset: layout.tags[id], flags: imported(module.tags[id].isExternal),
        signature: module.tags[id].signature.rawValue)
    }
    let described = facts.describedFunctions.map { id in
      base.record([
        module.isExternal(id) ? base.null : referencedCode(id),
        base.int32(module.functions[id].signature.rawValue), base.int32(id.rawValue),
      ])
    }
    let positions = module.functions.ids.map { base.int32(Int(facts.descriptors[$0]) - 1) }
    let elements =
      initialEntries(&expressions)
      + module.elementSegments.ids.map { elementInit($0, &expressions) }
    let data = module.dataSegments.ids.map { dataInit($0, &expressions) }
    let (images, imageCount) = unit.images(isConstant: true)
    let names = facts.options.names ? unit.nameTable() : (offsets: base.null, names: base.null)

    let code = base.record(
      [
        base.int32(WASMAOT_EMBEDDED_ABI_VERSION), base.int32(MemoryLayout<wasmaot_code>.size),
        base.int32(facts.instructionSet.requiredBits),
        base.int32(facts.usage.countsFuel ? WASMAOT_CODE_COUNTS_FUEL : 0), base.int64(layout.size),
        base.int64(interfaceHash(of: module)),
      ]
        + [
          signatures.count, module.imports.count, module.exports.count, functions.count, tables.count,
          memories.count, globals.count, tags.count, described.count, Int(layout.references), elements.count,
          data.count, imageCount,
          module.start.isNone ? -1 : module.start.index,
        ].map { base.int32($0) }
        + [
          array(signatures), array(module.imports.map(importEntry)), array(module.exports.map(exportEntry)),
          array(functions), array(tables), array(memories), array(globals), array(tags), array(described),
          array(positions), array(expressions.entries), array(elements), array(data), images,
          textMarker("start"), textMarker("end"), functionMapMarker("start"), functionMapMarker("end"),
          names.offsets, names.names,
        ])
    let global = base.addGlobal(
      "\(name)_wasm", code, isConstant: true, linkage: LLVMExternalLinkage, alignment: 16)
    LLVMSetVisibility(global, LLVMDefaultVisibility)
  }

  /// A private constant array; null if it is empty.
  private func array(_ values: [LLVMValueRef]) -> LLVMValueRef {
    values.isEmpty ? base.null : unit.constantArray(LLVMTypeOf(values[0]), values)
  }

  private func text(_ text: String) -> LLVMValueRef { base.string(Array(text.utf8)) }

  // MARK: Entities

  private func imported(_ isImported: Bool) -> UInt32 { isImported ? WASMAOT_ENTITY_IMPORTED : 0 }

  /// `struct wasmaot_entity`
  private func entity(
    offset: UInt32, flags: UInt32, signature: UInt32 = 0, initializer: UInt32 = .max,
    type: String? = nil, minimum: UInt64 = 0, maximum: UInt64? = nil, pageSizeLog2: UInt8 = 0
  ) -> LLVMValueRef {
    base.record([
      base.int32(offset), base.int32(flags), base.int32(signature), base.int32(initializer),
      type.map { text($0) } ?? base.null, base.int64(minimum),
      base.int64(maximum ?? .max), base.int32(pageSizeLog2), base.int32(0),
    ])
  }

  private func tableEntity(_ id: TableID, _ expressions: inout ExpressionTable) -> LLVMValueRef {
    let table = module.tables[id]
    return entity(
      offset: layout.tables[id],
      flags: imported(table.isExternal) | (table.isTable64 ? WASMAOT_ENTITY_64 : 0),
      initializer: table.fill.map { expressions.add($0) } ?? .max,
      type: table.preciseElement ?? table.element.preciseText,
      minimum: table.minimum, maximum: table.maximum)
  }

  private func memoryEntity(_ id: MemoryID) -> LLVMValueRef {
    let memory = module.memories[id]
    return entity(
      offset: layout.memories[id],
      flags: imported(memory.isExternal) | (memory.isMemory64 ? WASMAOT_ENTITY_64 : 0)
        | (memory.isShared ? WASMAOT_ENTITY_SHARED : 0)
        | (facts.checksBounds(of: id) ? WASMAOT_ENTITY_MAY_MOVE : 0),
      minimum: memory.minimum, maximum: memory.maximum, pageSizeLog2: memory.pageSizeLog2)
  }

  private func globalEntity(_ id: GlobalID, _ expressions: inout ExpressionTable) -> LLVMValueRef {
    let global = module.globals[id]
    let initializer: UInt32 =
      switch global.initializer {
      case .constant(let value): expressions.add(ConstantExpression([.constant(value)]))
      case .expression(let expression): expressions.add(expression)
      case .external: .max
      }
    return entity(
      offset: layout.globals[id],
      flags: imported(global.isExternal) | (global.isMutable ? WASMAOT_ENTITY_MUTABLE : 0),
      initializer: initializer, type: global.preciseType ?? global.type.preciseText)
  }

  // MARK: Imports and exports

  private func nameRecord(_ name: ByteString) -> LLVMValueRef {
    base.record([base.string(name.bytes), base.int64(name.bytes.count)])
  }

  private func importEntry(_ entry: Import) -> LLVMValueRef {
    let (kind, index) = entry.item.kindAndIndex
    return base.record([
      nameRecord(entry.module), nameRecord(entry.name), base.int32(kind.rawValue), base.int32(index),
    ])
  }

  private func exportEntry(_ export: Export) -> LLVMValueRef {
    let (kind, index) = export.item.kindAndIndex
    return base.record([nameRecord(export.name), base.int32(kind.rawValue), base.int32(index)])
  }

  // MARK: Segments

  /// Position in `described`, for a function or null.
  private func position(_ function: FunctionID) -> LLVMValueRef {
    base.int32(function.isNone ? -1 : Int(facts.descriptors[function]) - 1)
  }

  /// `struct wasmaot_element_init`
  private func elementInit(
    table: UInt32 = .max, offset: UInt32 = .max, destination: UInt32 = .max, _ functions: [FunctionID],
    expressions: [UInt32] = []
  ) -> LLVMValueRef {
    base.record([
      base.int32(table), base.int32(offset), base.int32(destination),
      base.int32(max(functions.count, expressions.count)), array(functions.map(position)),
      array(expressions.map { base.int32($0) }),
    ])
  }

  private func elementInit(_ id: ElementID, _ expressions: inout ExpressionTable) -> LLVMValueRef {
    let segment = module.elementSegments[id]
    let items = segment.expressions.map { expressions.add($0) }
    guard let place = segment.place else {
      return elementInit(offset: layout.elementSegments[id], segment.items, expressions: items)
    }
    return elementInit(
      table: place.target.rawValue, destination: expressions.add(place.offset), segment.items,
      expressions: items)
  }

  /// The initial contents of tables that can change, as active segments that fit: runs without long gaps.
  private func initialEntries(_ expressions: inout ExpressionTable) -> [LLVMValueRef] {
    var records: [LLVMValueRef] = []
    for id in module.tables.ids where !module.tables[id].isReadOnly {
      let table = module.tables[id]
      for run in table.initial.runs(shortestGap: 16) {
        let start: Constant = table.isTable64 ? .i64(UInt64(run.lowerBound)) : .i32(UInt32(run.lowerBound))
        records.append(
          elementInit(
            table: id.rawValue, destination: expressions.add(ConstantExpression([.constant(start)])),
            Array(table.initial[run])))
      }
    }
    return records
  }

  /// `struct wasmaot_data_init`
  private func dataInit(_ id: DataID, _ expressions: inout ExpressionTable) -> LLVMValueRef {
    let segment = module.dataSegments[id]
    let contents =
      segment.bytes.isEmpty
      ? base.null
      : base.addGlobal("", base.bytes(segment.bytes), isConstant: true, linkage: LLVMPrivateLinkage)
    return base.record([
      base.int32(segment.place?.target.rawValue ?? .max),
      base.int32(segment.place == nil ? layout.dataSegments[id] : InstanceLayout.none),
      base.int32(segment.place.map { expressions.add($0.offset) } ?? .max), base.int32(0), contents,
      base.int64(segment.bytes.count),
    ])
  }

  // MARK: Units

  /// What other units may refer to although this one does not.
  private func defineShared() {
    for id in module.tables.ids where module.tables[id].isReadOnly { _ = unit.constantTable(id) }
    _ = nullReference
  }

  /// The ends of the wasm text and of the function map are symbols of this object's, not of the linker's: there
  /// may be other modules in the program, and the object must not leave a symbol undefined. Units are joined in
  /// their order, so the first has the starts and the last the ends.
  private func markerName(_ name: String) -> String { "\(symbolPrefix)wasmaot_\(name)" }

  private func textMarker(_ name: String) -> LLVMValueRef {
    let name = markerName("text_" + name)
    if let known = LLVMGetNamedFunction(base.llvm, name) { return known }
    let function = LLVMAddFunction(base.llvm, name, base.functionType(types.void, []))!
    LLVMSetVisibility(function, LLVMHiddenVisibility)
    return function
  }

  private func functionMapMarker(_ name: String) -> LLVMValueRef {
    let name = markerName("function_map_" + name)
    return LLVMGetNamedGlobal(base.llvm, name)
      ?? base.declareGlobal(name, LLVMArrayType2(types.funcmapEntry, 0), isConstant: true)
  }

  func beginUnit() { if unit.definesData { defineTextMarker("start") } }

  func finishUnit() {
    if unit.definesData { defineFunctionMapMarker("start") }
    unit.defineFunctionMap(isRetained: false)
    if unit.isLast {
      defineFunctionMapMarker("end")
      defineTextMarker("end")
    }
  }

  /// Functions and variables are emitted in the order in which they were made.
  private func defineTextMarker(_ name: String) {
    let declared = LLVMGetNamedFunction(base.llvm, markerName("text_" + name))
    let function = base.addFunction(
      markerName("text_" + name), base.functionType(types.void, []), linkage: unit.linkage)
    LLVMSetSection(function, WASMAOT_TEXT_SECTION)
    LLVMPositionBuilderAtEnd(base.builder, LLVMAppendBasicBlockInContext(base.context, function, ""))
    let trap = base.intrinsic("llvm.trap")
    LLVMBuildCall2(base.builder, trap.type, trap.function, nil, 0, "")
    LLVMBuildUnreachable(base.builder)
    guard let declared else { return }
    LLVMReplaceAllUsesWith(declared, function)
    LLVMDeleteFunction(declared)
    LLVMSetValueName2(function, markerName("text_" + name), markerName("text_" + name).utf8.count)
  }

  private func defineFunctionMapMarker(_ name: String) {
    let name = markerName("function_map_" + name)
    let declared = LLVMGetNamedGlobal(base.llvm, name)
    let marker = base.addGlobal(
      name, LLVMConstNull(LLVMArrayType2(types.funcmapEntry, 0)), isConstant: true, linkage: unit.linkage,
      alignment: 4, section: WASMAOT_FUNCMAP_SECTION)
    guard let declared else { return }
    LLVMReplaceAllUsesWith(declared, marker)
    LLVMDeleteGlobal(declared)
    LLVMSetValueName2(marker, name, name.utf8.count)
  }
}

/// `wasmaot_code.expressions`: equal ones are there once.
private struct ExpressionTable {
  private let model: EmbeddedModel
  private(set) var entries: [LLVMValueRef] = []
  private var known: [ConstantExpression: UInt32] = [:]

  init(_ model: EmbeddedModel) { self.model = model }

  /// The expression's position.
  mutating func add(_ expression: ConstantExpression) -> UInt32 {
    if let position = known[expression] { return position }
    let position = UInt32(entries.count)
    known[expression] = position
    for operation in expression.operators {
      switch operation {
      case .constant(let value): add(value)
      case .global(let global): add(WASMAOT_EXPRESSION_GLOBAL, UInt64(global.rawValue))
      case .binary(let binary): add(binary.operation)
      }
    }
    add(WASMAOT_EXPRESSION_END)
    return position
  }

  private mutating func add(_ value: Constant) {
    switch value {
    case .i32(let bits), .f32(let bits): add(WASMAOT_EXPRESSION_CONST, UInt64(bits))
    case .i64(let bits), .f64(let bits): add(WASMAOT_EXPRESSION_CONST, bits)
    case .v128(let bits):
      add(WASMAOT_EXPRESSION_CONST, bits.low)
      add(WASMAOT_EXPRESSION_CONST, bits.high)
    case .null: add(WASMAOT_EXPRESSION_NULL)
    case .function(let function):
      add(WASMAOT_EXPRESSION_FUNC, UInt64(model.facts.descriptors[function] - 1))
    }
  }

  private mutating func add(_ operation: wasmaot_expression_op, _ operand: UInt64 = 0) {
    let base = model.base
    entries.append(base.record([base.int64(operation.rawValue), base.int64(operand)]))
  }
}

extension ConstantExpression.Binary {
  fileprivate var operation: wasmaot_expression_op {
    switch self {
    case .i32Add: WASMAOT_EXPRESSION_I32_ADD
    case .i32Sub: WASMAOT_EXPRESSION_I32_SUB
    case .i32Mul: WASMAOT_EXPRESSION_I32_MUL
    case .i64Add: WASMAOT_EXPRESSION_I64_ADD
    case .i64Sub: WASMAOT_EXPRESSION_I64_SUB
    case .i64Mul: WASMAOT_EXPRESSION_I64_MUL
    }
  }
}

extension ExternItem {
  var kindAndIndex: (wasmaot_extern_kind, UInt32) {
    switch self {
    case .function(let id): (WASMAOT_EXTERN_FUNC, id.rawValue)
    case .table(let id): (WASMAOT_EXTERN_TABLE, id.rawValue)
    case .memory(let id): (WASMAOT_EXTERN_MEMORY, id.rawValue)
    case .global(let id): (WASMAOT_EXTERN_GLOBAL, id.rawValue)
    case .tag(let id): (WASMAOT_EXTERN_TAG, id.rawValue)
    }
  }
}

extension [FunctionID] {
  /// Ranges that hold all functions and start and end with one, apart by at least so many nulls.
  fileprivate func runs(shortestGap: Int) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for index in indices where !self[index].isNone {
      if let last = runs.last, index - last.upperBound < shortestGap {
        runs[runs.count - 1] = last.lowerBound..<index + 1
      } else {
        runs.append(index..<index + 1)
      }
    }
    return runs
  }
}
