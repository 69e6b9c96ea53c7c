internal import CLLVM
import IR

// Calls from C into wasm: arguments and results pass through an array of `struct wasmaot_value`.

extension ModuleUnit {
  /// The address of an array's element.
  func valueAddress(_ values: LLVMValueRef, _ index: Int) -> LLVMValueRef {
    var indices: [LLVMValueRef?] = [base.int64(index)]
    return LLVMBuildGEP2(base.builder, types.value, values, &indices, 1, "")
  }

  func loadArguments(_ params: [Type], from values: LLVMValueRef) -> [LLVMValueRef] {
    params.enumerated().map { index, type in
      let load = LLVMBuildLoad2(base.builder, types[type], valueAddress(values, index), "")!
      LLVMSetAlignment(load, 8)
      return load
    }
  }

  /// Where a callee puts results that it does not return; nil where it returns them.
  func resultArea(_ results: [Type]) -> LLVMValueRef? {
    guard case .pointer = ResultPassing(results) else { return nil }
    return LLVMBuildAlloca(base.builder, resultStructure(results), "")
  }

  /// Puts what a call has returned, or left in its `resultArea`, into the array.
  func storeResults(
    _ results: [Type], of call: LLVMValueRef, area: LLVMValueRef?, to values: LLVMValueRef
  ) {
    let builder = base.builder
    for (index, type) in results.enumerated() {
      let result: LLVMValueRef
      switch ResultPassing(results) {
      case .none, .value: result = call
      case .structure: result = LLVMBuildExtractValue(builder, call, UInt32(index), "")
      case .pointer:
        let field = LLVMBuildStructGEP2(builder, resultStructure(results), area, UInt32(index), "")
        result = LLVMBuildLoad2(builder, types[type], field, "")
      }
      LLVMSetAlignment(LLVMBuildStore(builder, result, valueAddress(values, index)), 8)
    }
  }
}
