internal import CLLVM
import CRuntimeABI
import IR
import Support

// What backtraces are made from: names, and where the code of each function starts.

extension ModuleUnit {
  func nameTable() -> (offsets: LLVMValueRef, names: LLVMValueRef) {
    var offsets: [LLVMValueRef] = [base.int32(0)]
    var names: [UInt8] = []
    for function in module.functions.values {
      names += function.name.bytes
      offsets.append(base.int32(names.count))
    }
    return (
      constantArray(types.i32, offsets),
      base.addGlobal("", base.bytes(names), isConstant: true, linkage: LLVMPrivateLinkage)
    )
  }

  /// The section that says where the code of each function starts. Added after optimisation, for the
  /// functions that are still there. Nil if there are none.
  ///
  /// Retained: nothing refers to it by name, SHF_GNU_RETAIN keeps it through --gc-sections.
  @discardableResult
  func defineFunctionMap(isRetained: Bool) -> LLVMValueRef? {
    var entries: [(function: LLVMValueRef, index: UInt32)] = []
    var next = LLVMGetFirstFunction(base.llvm)
    while let function = next {
      next = LLVMGetNextFunction(function)
      guard LLVMIsDeclaration(function) == 0, let section = LLVMGetSection(function),
        String(cString: section) == WASMAOT_TEXT_SECTION
      else { continue }
      var length = 0
      let name = String(cString: LLVMGetValueName2(function, &length))
      let index = Self.functionIndex(inSymbol: name, symbolPrefix: model.symbolPrefix)
      entries.append((function, index ?? Self.noFunction))
    }
    guard !entries.isEmpty else { return nil }
    let type: LLVMTypeRef = LLVMArrayType2(types.funcmapEntry, UInt64(entries.count))
    // Not the section's name: LLVM makes a symbol of that one itself.
    let map = LLVMAddGlobal(base.llvm, type, "\(model.symbolPrefix)wasmaot_function_map")!
    let rows = entries.enumerated().map { position, entry in
      let row = LLVMConstPtrToInt(base.elementAddress(types.funcmapEntry, map, position), types.i64)
      let distance = LLVMConstSub(LLVMConstPtrToInt(entry.function, types.i64), row)
      return base.structure(
        types.funcmapEntry, [LLVMConstTrunc(distance, types.i32), base.int32(entry.index)])
    }
    LLVMSetInitializer(map, base.array(types.funcmapEntry, rows))
    LLVMSetGlobalConstant(map, 1)
    LLVMSetLinkage(map, LLVMInternalLinkage)
    LLVMSetSection(map, WASMAOT_FUNCMAP_SECTION)
    LLVMSetAlignment(map, 4)
    if isRetained {
      let used = base.addGlobal(
        "llvm.used", base.array(types.ptr, [map]), isConstant: false, linkage: LLVMAppendingLinkage)
      LLVMSetSection(used, "llvm.metadata")
    }
    return map
  }

  /// In the function map: adaptors, which are no frame of a backtrace.
  static let noFunction = UInt32.max
}
