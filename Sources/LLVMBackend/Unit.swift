internal import CLLVM
import CRuntimeABI
import IR
import Support

/// One LLVM module under construction: a codegen unit, or a data object.
///
/// It owns its context, so that units can be lowered on different threads; made, used and disposed of by
/// one thread.
final class Unit {
  let options: BackendOptions
  let instructionSet: InstructionSet
  /// Of a program with threads: some variables of the runtime are each thread's own, and have other names.
  let isThreaded: Bool
  let context: LLVMContextRef
  let llvm: LLVMModuleRef
  let builder: LLVMBuilderRef
  let types: UnitTypes
  private let diagnostics: Diagnostics
  private var intrinsics: [String: UInt32] = [:]
  private var functionAttributes: [LLVMAttributeRef] = []
  /// Metadata of a branch that is hardly ever taken.
  let profileKind: UInt32
  let unlikelyWeights: LLVMValueRef

  init(name: String, options: BackendOptions, instructionSet: InstructionSet, isThreaded: Bool = false) {
    self.options = options
    self.isThreaded = isThreaded
    self.instructionSet = instructionSet
    context = LLVMContextCreate()
    LLVMContextSetDiscardValueNames(context, 1)
    diagnostics = Diagnostics()
    LLVMContextSetDiagnosticHandler(
      context, diagnosticHandler, Unmanaged.passUnretained(diagnostics).toOpaque())
    llvm = LLVMModuleCreateWithNameInContext(name, context)
    builder = LLVMCreateBuilderInContext(context)
    types = UnitTypes(context)
    profileKind = LLVMGetMDKindIDInContext(context, "prof", 4)
    unlikelyWeights = Self.weights(1, (1 << 20) - 1, types, context)
    LLVMSetTarget(llvm, options.target.triple)
    functionAttributes = makeFunctionAttributes()
  }

  private static func weights(
    _ taken: UInt64, _ other: UInt64, _ types: UnitTypes, _ context: LLVMContextRef
  ) -> LLVMValueRef {
    var weights: [LLVMMetadataRef?] = [
      LLVMMDStringInContext2(context, "branch_weights", 14),
      LLVMValueAsMetadata(LLVMConstInt(types.i32, taken, 0)),
      LLVMValueAsMetadata(LLVMConstInt(types.i32, other, 0)),
    ]
    return LLVMMetadataAsValue(context, LLVMMDNodeInContext2(context, &weights, 3))
  }

  /// Metadata of a branch that the producer gave a hint for: what clang's __builtin_expect amounts to.
  func hintWeights(taken: Bool) -> LLVMValueRef {
    Self.weights(taken ? 2000 : 1, taken ? 1 : 2000, types, context)
  }

  /// Of loads: the value is at least `low` and less than `high`.
  func range(_ low: UInt64, _ high: UInt64) -> LLVMValueRef {
    var bounds: [LLVMMetadataRef?] = [LLVMValueAsMetadata(int64(low)), LLVMValueAsMetadata(int64(high))]
    return LLVMMetadataAsValue(context, LLVMMDNodeInContext2(context, &bounds, 2))
  }
  var rangeKind: UInt32 { LLVMGetMDKindIDInContext(context, "range", 5) }

  deinit {
    LLVMDisposeBuilder(builder)
    LLVMDisposeModule(llvm)
    LLVMContextDispose(context)
  }

  /// The first error that LLVM reported to the context.
  var reportedError: String? { diagnostics.firstError }

  /// Of metadata that says all by being there.
  var emptyMetadata: LLVMValueRef { LLVMMetadataAsValue(context, LLVMMDNodeInContext2(context, nil, 0)) }

  /// Says of a pointer that was loaded what it points to.
  func setPointee(of load: LLVMValueRef, size: UInt64, alignment: UInt64) {
    func set(_ name: String, _ operand: UInt64?) {
      var operands: [LLVMMetadataRef?] = operand.map { [LLVMValueAsMetadata(int64($0))] } ?? []
      let node = LLVMMDNodeInContext2(context, &operands, operands.count)
      LLVMSetMetadata(
        load, LLVMGetMDKindIDInContext(context, name, UInt32(name.utf8.count)),
        LLVMMetadataAsValue(context, node))
    }
    set("nonnull", nil)
    set("dereferenceable", size)
    set("align", alignment)
  }

  // MARK: Functions

  /// A function that generated code defines, with what holds for all of them.
  func addFunction(
    _ name: String, _ type: LLVMTypeRef, linkage: LLVMLinkage, convention: UInt32 = LLVMCCallConv.rawValue,
    mayUnwind: Bool = false
  ) -> LLVMValueRef {
    let function = LLVMAddFunction(llvm, name, type)!
    LLVMSetLinkage(function, linkage)
    if linkage == LLVMExternalLinkage { LLVMSetVisibility(function, LLVMHiddenVisibility) }
    LLVMSetFunctionCallConv(function, convention)
    for attribute in functionAttributes {
      LLVMAddAttributeAtIndex(function, functionIndex, attribute)
    }
    if !mayUnwind { addAttribute("nounwind", to: function) }
    return function
  }

  /// A C function of the runtime, declared on first use.
  func runtimeFunction(
    _ name: String, _ result: LLVMTypeRef, _ parameters: [LLVMTypeRef], noReturn: Bool = false,
    mayUnwind: Bool = false
  ) -> Callee {
    let type = functionType(result, parameters)
    if let known = LLVMGetNamedFunction(llvm, name) { return Callee(function: known, type: type) }
    let function = LLVMAddFunction(llvm, name, type)!
    // Defined in the same program: no PLT, no GOT.
    LLVMSetVisibility(function, LLVMHiddenVisibility)
    if !mayUnwind { addAttribute("nounwind", to: function) }
    if noReturn {
      addAttribute("noreturn", to: function)
      addAttribute("cold", to: function)
    }
    return Callee(function: function, type: type)
  }

  func functionType(_ result: LLVMTypeRef, _ parameters: [LLVMTypeRef]) -> LLVMTypeRef {
    var parameters = parameters.map(Optional.some)
    return LLVMFunctionType(result, &parameters, UInt32(parameters.count), 0)
  }

  func intrinsic(_ name: String, _ overloads: [LLVMTypeRef] = []) -> Callee {
    guard let id = intrinsicNumber(name) else {
      preconditionFailure("LLVM \(LLVMInfo.version) has no intrinsic \(name)")
    }
    var overloads = overloads.map(Optional.some)
    return Callee(
      function: LLVMGetIntrinsicDeclaration(llvm, id, &overloads, overloads.count),
      type: LLVMIntrinsicGetType(context, id, &overloads, overloads.count))
  }

  /// Nil if this LLVM has no such intrinsic.
  func intrinsicNumber(_ name: String) -> UInt32? {
    if let known = intrinsics[name] { return known == 0 ? nil : known }
    let number = LLVMLookupIntrinsicID(name, name.utf8.count)
    intrinsics[name] = number
    return number == 0 ? nil : number
  }

  // MARK: Attributes

  private var functionIndex: LLVMAttributeIndex {
    LLVMAttributeIndex(bitPattern: Int32(LLVMAttributeFunctionIndex))
  }

  func enumAttribute(_ name: String, _ value: UInt64 = 0) -> LLVMAttributeRef {
    let kind = LLVMGetEnumAttributeKindForName(name, name.utf8.count)
    precondition(kind != 0, "LLVM \(LLVMInfo.version) has no attribute \(name)")
    return LLVMCreateEnumAttribute(context, kind, value)
  }

  func stringAttribute(_ name: String, _ value: String = "") -> LLVMAttributeRef {
    LLVMCreateStringAttribute(
      context, name, UInt32(name.utf8.count), value, UInt32(value.utf8.count))
  }

  func addAttribute(_ name: String, _ value: UInt64 = 0, to function: LLVMValueRef) {
    LLVMAddAttributeAtIndex(function, functionIndex, enumAttribute(name, value))
  }

  /// Of a parameter, counted from 0.
  func addParameterAttribute(_ name: String, _ parameter: UInt32, to function: LLVMValueRef) {
    LLVMAddAttributeAtIndex(function, parameter + 1, enumAttribute(name))
  }

  func removeAttribute(_ name: String, from function: LLVMValueRef) {
    LLVMRemoveEnumAttributeAtIndex(
      function, functionIndex, LLVMGetEnumAttributeKindForName(name, name.utf8.count))
  }

  func addCallAttribute(_ name: String, _ value: UInt64 = 0, to call: LLVMValueRef) {
    LLVMAddCallSiteAttribute(call, functionIndex, enumAttribute(name, value))
  }

  /// The first argument of a call is the callee's instance.
  func addContextAttribute(toCall call: LLVMValueRef) {
    LLVMAddCallSiteAttribute(call, 1, enumAttribute("swiftself"))
  }

  /// The first parameter is the callee's instance; of this size, if it is one of this module.
  func addContextAttributes(to function: LLVMValueRef, instanceSize: UInt32?) {
    var attributes = [enumAttribute("swiftself"), enumAttribute("noundef"), enumAttribute("nonnull")]
    if let instanceSize {
      attributes += [enumAttribute("align", 16), enumAttribute("dereferenceable", UInt64(instanceSize))]
    }
    for attribute in attributes { LLVMAddAttributeAtIndex(function, 1, attribute) }
  }

  /// Neither `mustprogress` nor `willreturn`: a loop of the program may run for ever, and what follows it
  /// must not move in front of it.
  private func makeFunctionAttributes() -> [LLVMAttributeRef] {
    var attributes = [
      // Asynchronous tables: the runtime unwinds from a trapping instruction.
      enumAttribute("uwtable", 2),
      // A frame larger than the guard must not step over it, or than what the check at the function's entry
      // leaves. In a host there is a guard and a handler in any case, and no symbol of the runtime to call.
      stringAttribute(
        "probe-stack",
        options.boundsChecks == .explicit && !options.entry.isEmbedded
          ? "wasmaot_\(threadInfix)stack_probe" : "inline-asm"),
      // No loop becomes a call of memset or memcpy: a fault inside of libc is not a trap of the program.
      stringAttribute("no-builtins"),
      // Unbounded recursion is a stack overflow, not an endless loop, and backtraces are complete. Calls
      // marked musttail are not concerned.
      stringAttribute("disable-tail-calls", "true"),
    ]
    if instructionSet.tuning != "generic" {
      attributes.append(stringAttribute("tune-cpu", instructionSet.tuning))
    }
    if let bits = instructionSet.vectorBits {
      attributes.append(stringAttribute("prefer-vector-width", "\(bits)"))
    }
    switch options.level {
    case .Os: attributes.append(enumAttribute("optsize"))
    case .Oz: attributes += [enumAttribute("optsize"), enumAttribute("minsize")]
    case .O0, .O1, .O2, .O3: break
    }
    return attributes
  }

  // MARK: Data

  /// A variable with an initial value.
  @discardableResult
  func addGlobal(
    _ name: String, _ value: LLVMValueRef, isConstant: Bool, linkage: LLVMLinkage = LLVMInternalLinkage,
    alignment: UInt32 = 0, section: String? = nil
  ) -> LLVMValueRef {
    let global = LLVMAddGlobal(llvm, LLVMTypeOf(value), name)!
    LLVMSetInitializer(global, value)
    LLVMSetGlobalConstant(global, isConstant ? 1 : 0)
    LLVMSetLinkage(global, linkage)
    if linkage == LLVMExternalLinkage { LLVMSetVisibility(global, LLVMHiddenVisibility) }
    if alignment != 0 { LLVMSetAlignment(global, alignment) }
    if let section { LLVMSetSection(global, section) }
    return global
  }

  /// One for each thread, at a constant offset from the thread pointer: `%fs:name@tpoff` in an access.
  func makeThreadLocal(_ variable: LLVMValueRef) {
    LLVMSetThreadLocalMode(variable, LLVMLocalExecTLSModel)
  }

  /// What names of the runtime have behind `wasmaot_` where it is about state that each thread has.
  var threadInfix: String { isThreaded ? "thread_" : "" }

  /// A variable that another unit or the runtime defines.
  func declareGlobal(_ name: String, _ type: LLVMTypeRef, isConstant: Bool = false) -> LLVMValueRef {
    let global = LLVMAddGlobal(llvm, type, name)!
    LLVMSetGlobalConstant(global, isConstant ? 1 : 0)
    LLVMSetVisibility(global, LLVMHiddenVisibility)
    return global
  }

  func bytes(_ bytes: [UInt8]) -> LLVMValueRef {
    bytes.withUnsafeBytes {
      LLVMConstStringInContext2(context, $0.bindMemory(to: CChar.self).baseAddress, bytes.count, 1)
    }
  }

  /// A NUL-terminated string of its own, merged with equal ones.
  func string(_ bytes: [UInt8]) -> LLVMValueRef {
    let global = addGlobal("", self.bytes(bytes + [0]), isConstant: true, linkage: LLVMPrivateLinkage)
    LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr)
    return global
  }

  func int(_ value: some BinaryInteger, _ type: LLVMTypeRef) -> LLVMValueRef {
    LLVMConstInt(type, UInt64(truncatingIfNeeded: value), 0)
  }
  func int32(_ value: some BinaryInteger) -> LLVMValueRef { int(value, types.i32) }
  func int64(_ value: some BinaryInteger) -> LLVMValueRef { int(value, types.i64) }
  var null: LLVMValueRef { LLVMConstNull(types.ptr) }

  /// A structure of the fields' types.
  func record(_ fields: [LLVMValueRef]) -> LLVMValueRef {
    var fields = fields.map(Optional.some)
    return LLVMConstStructInContext(context, &fields, UInt32(fields.count), 0)
  }

  func structure(_ type: LLVMTypeRef, _ fields: [LLVMValueRef]) -> LLVMValueRef {
    var fields = fields.map(Optional.some)
    return LLVMConstNamedStruct(type, &fields, UInt32(fields.count))
  }

  func array(_ element: LLVMTypeRef, _ values: [LLVMValueRef]) -> LLVMValueRef {
    var values = values.map(Optional.some)
    return LLVMConstArray2(element, &values, UInt64(values.count))
  }

  func elementAddress(_ element: LLVMTypeRef, _ base: LLVMValueRef, _ index: Int) -> LLVMValueRef {
    var indices: [LLVMValueRef?] = [int64(index)]
    return LLVMConstInBoundsGEP2(element, base, &indices, 1)
  }
}

/// A function with the type that a call of it needs.
struct Callee {
  var function: LLVMValueRef
  var type: LLVMTypeRef
}

/// What LLVM says while it works on one context. Without a handler it would print.
private final class Diagnostics {
  var firstError: String?
}

private let diagnosticHandler: LLVMDiagnosticHandler = { info, context in
  guard let info, let context, LLVMGetDiagInfoSeverity(info) == LLVMDSError else { return }
  let diagnostics = Unmanaged<Diagnostics>.fromOpaque(context).takeUnretainedValue()
  let text = takeMessage(LLVMGetDiagInfoDescription(info))
  if diagnostics.firstError == nil { diagnostics.firstError = text }
}
