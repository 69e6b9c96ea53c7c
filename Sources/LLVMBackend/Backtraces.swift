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
  /// functions that are still there.
  func defineFunctionMap() {
    var entries: [(function: LLVMValueRef, index: UInt32)] = []
    var next = LLVMGetFirstFunction(base.llvm)
    while let function = next {
      next = LLVMGetNextFunction(function)
      guard LLVMIsDeclaration(function) == 0 else { continue }
      var length = 0
      let name = String(cString: LLVMGetValueName2(function, &length))
      if let index = Self.functionIndex(inSymbol: name) { entries.append((function, index)) }
    }
    guard !entries.isEmpty else { return }
    let type: LLVMTypeRef = LLVMArrayType2(types.funcmapEntry, UInt64(entries.count))
    // Not the section's name: LLVM makes a symbol of that one itself.
    let map = LLVMAddGlobal(base.llvm, type, "wasmaot_function_map")!
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
    // Nothing refers to it by name: SHF_GNU_RETAIN keeps it through --gc-sections.
    let used = base.addGlobal(
      "llvm.used", base.array(types.ptr, [map]), isConstant: false, linkage: LLVMAppendingLinkage)
    LLVMSetSection(used, "llvm.metadata")
  }
}
