internal import CLLVM
import CRuntimeABI
import IR

// Bounds checks of the memories that have any (`CodegenFacts.checksBounds`); the others are a matter of guard
// pages. No sum or difference here can wrap: a bounds check that wraps is no check (wabt 1401, wabt 2790).

/// An access is out of bounds if and only if `left > right`, unsigned.
struct BoundsComparison {
  var left: LLVMValueRef
  var right: LLVMValueRef
}

extension FunctionLowering {
  /// Traps unless `index + offset + width <= bytes`. Returns what was compared.
  @discardableResult
  func checkBounds(_ memory: MemoryID, _ index: LLVMValueRef, offset: UInt64, width: UInt64)
    -> BoundsComparison
  {
    let comparison = boundsComparison(memory, index, offset: offset, width: width)
    trapIfOutside(comparison)
    return comparison
  }

  /// One comparison in any case: an access should cost no more than that and a branch.
  private func boundsComparison(
    _ memory: MemoryID, _ index: LLVMValueRef, offset: UInt64, width: UInt64
  ) -> BoundsComparison {
    let (end, overflows) = offset.addingReportingOverflow(width)
    guard !overflows else { return BoundsComparison(left: base.int64(1), right: base.int64(0)) }
    let bytes = memoryBytes(memory)
    // Memories never shrink, so where `end` lies within the first size the difference does not wrap. It is the
    // same for all accesses with this end, and does not change in a loop without memory.grow.
    if end <= module.memories[memory].minimumBytes {
      return BoundsComparison(left: index, right: LLVMBuildSub(builder, bytes, base.int64(end), ""))
    }
    guard module.memories[memory].isMemory64 else {
      // Both are less than 2^33.
      return BoundsComparison(left: LLVMBuildAdd(builder, index, base.int64(end), ""), right: bytes)
    }
    // At most 2^64 - 1, which is more than any memory has.
    return BoundsComparison(
      left: intrinsic("llvm.uadd.sat", [types.i64], [index, base.int64(end)]), right: bytes)
  }

  /// Traps unless `start + count <= bytes`, before anything is written.
  func checkRange(_ memory: MemoryID, _ start: LLVMValueRef, _ count: LLVMValueRef) {
    let bytes = memoryBytes(memory)
    let room = LLVMBuildSub(builder, bytes, count, "")
    let isOutside = LLVMBuildOr(
      builder, LLVMBuildICmp(builder, LLVMIntUGT, count, bytes, ""),
      LLVMBuildICmp(builder, LLVMIntUGT, start, room, ""), "")!
    trap(.memoryOutOfBounds, if: isOutside)
  }

  private func trapIfOutside(_ comparison: BoundsComparison) {
    trap(
      .memoryOutOfBounds,
      if: LLVMBuildICmp(builder, LLVMIntUGT, comparison.left, comparison.right, ""))
  }

  // MARK: Speculation

  /// The pointer, or null where the comparison fails: a processor that runs ahead of the check's branch reads
  /// nothing through it (Spectre, variant 1).
  func masked(_ pointer: LLVMValueRef, unless comparison: BoundsComparison) -> LLVMValueRef {
    guard unit.facts.options.mitigatesSpectre else { return pointer }
    let address = LLVMBuildPtrToInt(builder, pointer, types.i64, "")!
    return LLVMBuildIntToPtr(
      builder, zeroed(address, if: "a", comparison.left, comparison.right), types.ptr, "")
  }

  /// The index, or 0 where it is not less than the size.
  func masked(_ index: LLVMValueRef, below size: LLVMValueRef) -> LLVMValueRef {
    guard unit.facts.options.mitigatesSpectre else { return index }
    return zeroed(index, if: "ae", index, size)
  }

  /// Behind the check LLVM knows how the comparison came out, and would fold a `select`; so it is assembly.
  private func zeroed(
    _ value: LLVMValueRef, if condition: String, _ left: LLVMValueRef, _ right: LLVMValueRef
  ) -> LLVMValueRef {
    let text: String
    switch unit.facts.options.target.architecture {
    case .x86_64: text = "cmpq $3, $2\n\tcmov\(condition)q $4, $0"
    }
    let constraints = "=r,0,r,r,r,~{flags}"
    let type = base.functionType(types.i64, Array(repeating: types.i64, count: 4))
    let assembly = LLVMGetInlineAsm(
      type, text, text.utf8.count, constraints, constraints.utf8.count, 0, 0, LLVMInlineAsmDialectATT, 0)!
    let call = call(Callee(function: assembly, type: type), [value, left, right, base.int64(0)])
    base.addCallAttribute("nounwind", to: call)
    return call
  }

  // MARK: Memory descriptors

  /// A memory's size in bytes: a constant if nothing can grow it.
  func memoryBytes(_ memory: MemoryID) -> LLVMValueRef {
    if let bytes = model.constantSize(of: memory) { return base.int64(bytes) }
    let load = memoryField(WasmaotMemory.bytes, of: memory, types.i64)
    // Never less than the first size: what is static data of the producer's needs no check.
    let least = min(module.memories[memory].minimumBytes, 1 << 63)
    LLVMSetMetadata(load, base.rangeKind, base.range(least, 1 << 63 + 1))
    // Another thread may write it: no torn value, nor another one at a second look.
    if module.memories[memory].isShared { LLVMSetOrdering(load, LLVMAtomicOrderingUnordered) }
    return load
  }

  /// A field of the memory's descriptor. Only the runtime writes it: no store of generated code aliases.
  func memoryField(_ field: UInt32, of memory: MemoryID, _ type: LLVMTypeRef) -> LLVMValueRef {
    let pointer = LLVMBuildStructGEP2(builder, types.memory, model.memory(memory, in: self), field, "")
    let load = LLVMBuildLoad2(builder, type, pointer, "")!
    LLVMSetMetadata(load, unit.aliasTags.kind, unit.aliasTags.memoryDescriptor)
    return load
  }
}

/// Field numbers of `struct wasmaot_memory`.
enum WasmaotMemory {
  static let base: UInt32 = 0
  static let pages: UInt32 = 1
  static let bytes: UInt32 = 2
}

extension Memory {
  /// The first size in bytes; `UInt64.max` stands for all that are too large for it.
  var minimumBytes: UInt64 {
    let (bytes, overflows) = minimum.multipliedReportingOverflow(by: 1 << UInt64(pageSizeLog2))
    return overflows ? .max : bytes
  }
}
