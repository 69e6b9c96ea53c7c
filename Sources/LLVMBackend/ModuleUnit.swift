internal import CLLVM
import CRuntimeABI
import IR
import Support

/// A codegen unit's view of the module: the LLVM function or variable that stands for each entity,
/// declared on first use.
final class ModuleUnit {
  let facts: CodegenFacts
  let plan: UnitPlan
  let base: Unit
  let aliasTags: AliasTags
  /// Metadata of loads that always give the same value.
  let invariantLoadKind: UInt32
  private var functions: [FunctionID: LLVMValueRef] = [:]
  private var variables: [String: LLVMValueRef] = [:]
  private var nullCounts: [TableID: Int?] = [:]
  private var signatureTypes: [SignatureID: LLVMTypeRef] = [:]

  var module: IR.Module { facts.module }
  var types: UnitTypes { base.types }
  /// The data and the adaptors are unit 0's.
  var definesData: Bool { plan.definesData }
  var isLast: Bool { plan.isLast }
  var isOnly: Bool { plan.isOnly }
  /// Of data, and functions that aren't local: internal in a single unit, so that LLVM sees every use; otherwise hidden.
  var linkage: LLVMLinkage { isOnly ? LLVMInternalLinkage : LLVMExternalLinkage }
  private(set) lazy var model: any InstanceModel =
    if case .embedded(let name) = facts.options.entry {
      EmbeddedModel(unit: self, name: name)
    } else {
      StaticModel(unit: self)
    }

  init(_ facts: CodegenFacts, _ plan: UnitPlan) {
    self.facts = facts
    self.plan = plan
    base = Unit(
      name: plan.functions.first.map { "wasmaot.\($0.rawValue)" } ?? "wasmaot", options: facts.options,
      instructionSet: facts.instructionSet,
      isThreaded: facts.module.isThreaded)
    invariantLoadKind = LLVMGetMDKindIDInContext(base.context, "invariant.load", 14)
    aliasTags = AliasTags(base, facts.module.memories)
  }

  // MARK: Functions

  /// `wasmaot_f12`, or with symbols `wasm[12]::name`: never a name that a C library could have, to LLVM
  /// those mean what the C standard says of them.
  func symbol(of id: FunctionID) -> String {
    guard facts.options.symbols else { return "\(model.symbolPrefix)wasmaot_f\(id.rawValue)" }
    return "\(model.symbolPrefix)wasm[\(id.rawValue)]::\(module.functions[id].name)"
  }

  /// The function index that `symbol(of:)` put into a name. LLVM's clones append to it.
  static func functionIndex(inSymbol symbol: String, symbolPrefix: String = "") -> UInt32? {
    guard symbol.hasPrefix(symbolPrefix) else { return nil }
    let symbol = symbol.dropFirst(symbolPrefix.count)
    for prefix in ["wasmaot_f", "wasm["] where symbol.hasPrefix(prefix) {
      return UInt32(symbol.dropFirst(prefix.count).prefix { $0.isNumber })
    }
    return nil
  }

  /// The function with wasm's own convention: its body, or for an import the adaptor that calls it.
  func function(_ id: FunctionID) -> Callee {
    let type = functionType(module.functions[id].signature)
    if let known = functions[id] { return Callee(function: known, type: type) }
    let isLocal = isOnly || plan.localFunctions.contains(id)
    let function = base.addFunction(
      symbol(of: id), type, linkage: isLocal ? LLVMInternalLinkage : linkage,
      convention: model.convention(of: id), mayUnwind: model.exceptionsUnwind)
    if model.mayBeNoReturn, module.functions[id].neverReturns { base.addAttribute("noreturn", to: function) }
    LLVMSetSection(function, WASMAOT_TEXT_SECTION)
    if model.contextParameter != nil {
      base.addContextAttributes(to: function, instanceSize: facts.layout.size)
    }
    functions[id] = function
    return Callee(function: function, type: type)
  }

  /// The type that a function of this signature has in wasm's own convention: the context if there is one, the
  /// pointer for results if there is one (`ResultPassing`), the parameters.
  func functionType(_ id: SignatureID) -> LLVMTypeRef {
    if let known = signatureTypes[id] { return known }
    let signature = module.signatures[id]
    var parameters = signature.params.map { types[$0] }
    let result: LLVMTypeRef
    switch ResultPassing(signature.results) {
    case .none: result = types.void
    case .value(let type): result = types[type]
    case .structure: result = resultStructure(signature.results)
    case .pointer:
      result = types.void
      parameters.insert(types.ptr, at: 0)
    }
    if let context = model.contextParameter { parameters.insert(context, at: 0) }
    let type = base.functionType(result, parameters)
    signatureTypes[id] = type
    return type
  }

  func resultStructure(_ results: [Type]) -> LLVMTypeRef {
    var fields = results.map { Optional.some(types[$0]) }
    return LLVMStructTypeInContext(base.context, &fields, UInt32(fields.count), 0)
  }

  // MARK: Variables

  /// A variable of unit 0's with this name: declared here if this is another one.
  private func variable(_ name: String, _ make: () -> LLVMValueRef) -> LLVMValueRef {
    if let known = variables[name] { return known }
    let variable = make()
    variables[name] = variable
    return variable
  }

  /// Defines in unit 0, declares in the others.
  func sharedVariable(
    _ name: String, type: LLVMTypeRef, isConstant: Bool, isThreadLocal: Bool = false, alignment: UInt32 = 0,
    isKnownToRuntime: Bool = false, _ initial: () -> LLVMValueRef
  ) -> LLVMValueRef {
    variable(name) {
      let variable =
        definesData
        ? base.addGlobal(
          name, initial(), isConstant: isConstant,
          linkage: isKnownToRuntime ? LLVMExternalLinkage : linkage, alignment: alignment)
        : base.declareGlobal(name, type, isConstant: isConstant)
      if isThreadLocal { base.makeThreadLocal(variable) }
      return variable
    }
  }

  /// A variable that the runtime defines.
  func runtimeVariable(_ name: String, _ type: LLVMTypeRef, isThreadLocal: Bool = false) -> LLVMValueRef {
    variable(name) {
      let variable = base.declareGlobal(name, type)
      if isThreadLocal { base.makeThreadLocal(variable) }
      return variable
    }
  }

  // MARK: Constant tables

  /// `struct wasmaot_func` for a function that can be called indirectly; all zero for none.
  func constantEntry(_ id: FunctionID) -> LLVMValueRef {
    guard !id.isNone else { return LLVMConstNull(types.descriptor) }
    return base.structure(
      types.descriptor,
      [
        function(id).function, base.int32(typeNumber(module.functions[id].signature)),
        base.int32(facts.descriptors[id]),
      ])
  }

  /// The entries of a table that nothing changes.
  func constantTable(_ id: TableID) -> LLVMValueRef {
    let table = module.tables[id]
    let type =
      table.element != .funcref ? LLVMArrayType2(types.ptr, table.minimum)! : columns(of: id).type
    return sharedVariable(
      "\(model.symbolPrefix)wasmaot_table_\(id.rawValue)", type: type, isConstant: true, alignment: 16
    ) {
      table.element != .funcref ? LLVMConstNull(type) : functionColumns(table, type)
    }
  }

  /// How many entries are null at the start of a table that nothing changes; nil if there are others.
  func leadingNulls(of id: TableID) -> Int? {
    if let known = nullCounts[id] { return known }
    let table = module.tables[id]
    let count = table.initial.prefix { $0.isNone }.count
    let isOnly =
      table.isReadOnly && UInt64(table.initial.count) == table.minimum
      && !table.initial.dropFirst(count).contains { $0.isNone }
    nullCounts[id] = .some(isOnly ? count : nil)
    return isOnly ? count : nil
  }

  /// The fields of `struct wasmaot_func`, each an array of its own.
  func columns(of id: TableID) -> EntryLayout {
    let count = module.tables[id].minimum
    var columns: [LLVMTypeRef?] = [types.ptr, types.i32, types.i32].map { LLVMArrayType2($0, count) }
    return EntryLayout(
      type: LLVMStructTypeInContext(base.context, &columns, UInt32(columns.count), 0), code: WasmaotFunc.code,
      typeNumber: WasmaotFunc.type, hasColumns: true)
  }

  private func functionColumns(_ table: Table, _ type: LLVMTypeRef) -> LLVMValueRef {
    let missing = Int(table.minimum) - table.initial.count
    func column(_ type: LLVMTypeRef, _ field: (FunctionID) -> LLVMValueRef) -> LLVMValueRef {
      let null: LLVMValueRef = LLVMConstNull(type)
      return base.array(
        type, table.initial.map { $0.isNone ? null : field($0) } + Array(repeating: null, count: missing))
    }
    return base.structure(
      type,
      [
        column(types.ptr) { function($0).function },
        column(types.i32) { base.int32(typeNumber(module.functions[$0].signature)) },
        column(types.i32) { base.int32(facts.descriptors[$0]) },
      ])
  }

  func functionEntries(_ table: Table) -> LLVMValueRef {
    let missing = Int(table.minimum) - table.initial.count
    return base.array(
      types.descriptor,
      table.initial.map { constantEntry($0) }
        + Array(repeating: LLVMConstNull(types.descriptor), count: missing))
  }

  /// A letter a type, as runtime-c/abi says.
  func typeString(_ types: [Type]) -> [UInt8] { Array(types.map(\.preciseText).joined().utf8) }

  /// `wasmaot_func.type` of a signature: no signature's is 0, which is null's.
  func typeNumber(_ id: SignatureID) -> UInt32 { id.rawValue + 1 }
}

/// How a function returns its results.
///
/// Two integers and two floats fit into the registers that every convention returns values in. LLVM passes
/// more through a hidden pointer of its own, but not across `musttail`; so that pointer is ours, the first
/// parameter, and the results lie behind it in a structure.
enum ResultPassing: Equatable {
  case none
  case value(Type)
  case structure
  case pointer

  init(_ results: [Type]) {
    let floats = results.count { $0 == .f32 || $0 == .f64 || $0 == .v128 }
    self =
      switch results.count {
      case 0: .none
      case 1: .value(results[0])
      default: floats <= 2 && results.count - floats <= 2 ? .structure : .pointer
      }
  }
}

/// Metadata that tells LLVM which kinds of memory never overlap: each linear memory, all imported ones together, and the
/// runtime's and the program's own objects (memory descriptors, tables, globals). Nothing else is promised.
struct AliasTags {
  let kind: UInt32
  let memories: [LLVMValueRef]
  let memoryDescriptor: LLVMValueRef
  let runtime: LLVMValueRef
  /// The count: nothing but calls changes it beside code that names it.
  let fuel: LLVMValueRef
  /// Counters of a profile.
  let profile: LLVMValueRef

  init(_ unit: Unit, _ declared: PrimaryMap<MemoryID, Memory>) {
    let context = unit.context
    let zero: LLVMMetadataRef = LLVMValueAsMetadata(LLVMConstInt(unit.types.i64, 0, 0))
    let root = unit.node([unit.metadata("wasmaot")])
    func tag(_ name: String) -> LLVMValueRef {
      let type = unit.node([unit.metadata(name), root, zero])
      return LLVMMetadataAsValue(context, unit.node([type, type, zero]))
    }
    kind = LLVMGetMDKindIDInContext(context, "tbaa", 4)
    // Hosts may give one memory for several imports.
    let external = tag("imported memories")
    memories = declared.ids.map { declared[$0].isExternal ? external : tag("memory \($0.rawValue)") }
    memoryDescriptor = tag("memory descriptor")
    runtime = tag("runtime")
    fuel = tag("fuel")
    profile = tag("profile")
  }
}
