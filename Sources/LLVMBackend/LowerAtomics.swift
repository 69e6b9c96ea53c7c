internal import CLLVM
import IR

// The threads proposal's memory operators. All are sequentially consistent: LLVM's order of that name is the
// proposal's.

extension FunctionLowering {
  func lowerAtomic(_ inst: Inst, _ data: InstData) {
    switch data.opcode {
    case .atomicLoad: define(inst, widened(atomicLoad(data), data.shape))
    case .atomicStore: atomicStore(data)
    case .atomicAdd: define(inst, atomicUpdate(data, LLVMAtomicRMWBinOpAdd))
    case .atomicSub: define(inst, atomicUpdate(data, LLVMAtomicRMWBinOpSub))
    case .atomicAnd: define(inst, atomicUpdate(data, LLVMAtomicRMWBinOpAnd))
    case .atomicOr: define(inst, atomicUpdate(data, LLVMAtomicRMWBinOpOr))
    case .atomicXor: define(inst, atomicUpdate(data, LLVMAtomicRMWBinOpXor))
    case .atomicExchange: define(inst, atomicUpdate(data, LLVMAtomicRMWBinOpXchg))
    case .atomicCompareExchange: define(inst, atomicCompareExchange(data))
    case .atomicNotify: define(inst, atomicNotify(data))
    case .atomicWait: define(inst, atomicWait(data))
    case .atomicFence: LLVMBuildFence(builder, order, 0, "")
    default: preconditionFailure("\(data.opcode) is not atomic")
    }
  }

  private var order: LLVMAtomicOrdering { LLVMAtomicOrderingSequentiallyConsistent }

  /// The type of what is accessed, which is as wide as the access is aligned, and its address.
  private func access(_ data: InstData, _ index: Value) -> (type: LLVMTypeRef, pointer: LLVMValueRef) {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    let width = UInt64(1) << UInt64(memArg.alignLog2)
    trapUnlessAligned(memArg, index, width)
    return (
      LLVMIntTypeInContext(base.context, UInt32(width * 8)), address(memArg, index, width: width)
    )
  }

  private func trapUnlessAligned(_ memArg: MemArg, _ index: Value, _ width: UInt64) {
    guard width > 1 else { return }
    // Only the low bits matter, so the sum may wrap.
    let sum = LLVMBuildAdd(builder, extendedToI64(index), base.int64(memArg.offset), "")
    let low = LLVMBuildAnd(builder, sum, base.int64(width - 1), "")
    trap(.unalignedAtomic, if: LLVMBuildICmp(builder, LLVMIntNE, low, base.int64(0), ""))
  }

  private func narrowed(_ value: Value, _ type: LLVMTypeRef) -> LLVMValueRef {
    LLVMBuildIntCast2(builder, operand(value), type, 0, "")
  }

  private func widened(_ value: LLVMValueRef, _ shape: Shape) -> LLVMValueRef {
    LLVMBuildIntCast2(builder, value, types[shape], 0, "")
  }

  private func atomicLoad(_ data: InstData) -> LLVMValueRef {
    let (type, pointer) = access(data, data.valueA)
    let load = LLVMBuildLoad2(builder, type, pointer, "")!
    LLVMSetOrdering(load, order)
    return load
  }

  private func atomicStore(_ data: InstData) {
    let (type, pointer) = access(data, data.valueA)
    let store = LLVMBuildStore(builder, narrowed(data.valueB, type), pointer)
    LLVMSetOrdering(store, order)
  }

  private func atomicUpdate(_ data: InstData, _ operation: LLVMAtomicRMWBinOp) -> LLVMValueRef {
    let (type, pointer) = access(data, data.valueA)
    let old = LLVMBuildAtomicRMW(builder, operation, pointer, narrowed(data.valueB, type), order, 0)!
    // Adding 0 to nobody's knowledge is a fence to LLVM, which may find out by itself that nobody needs the result; but it
    // may trap.
    LLVMSetVolatile(old, 1)
    return widened(old, data.shape)
  }

  private func atomicCompareExchange(_ data: InstData) -> LLVMValueRef {
    let operands = list(data.a)
    let (type, pointer) = access(data, operands[0])
    let pair = LLVMBuildAtomicCmpXchg(
      builder, pointer, narrowed(operands[1], type), narrowed(operands[2], type), order, order, 0)
    return widened(LLVMBuildExtractValue(builder, pair, 0, ""), data.shape)
  }

  // MARK: Waiting

  /// The offset in its memory of what is waited for, after all checks: the runtime's functions make none.
  private func checkedOffset(_ memArg: MemArg, _ index: Value) -> LLVMValueRef {
    let width = UInt64(1) << UInt64(memArg.alignLog2)
    trapUnlessAligned(memArg, index, width)
    let index = extendedToI64(index)
    checkBounds(memArg.memory, index, offset: memArg.offset, width: width)
    return LLVMBuildAdd(builder, index, base.int64(memArg.offset), "")
  }

  private func atomicNotify(_ data: InstData) -> LLVMValueRef {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    let offset = checkedOffset(memArg, data.valueA)
    let memory = model.memory(memArg.memory, in: self)
    return model.callRuntime(.atomicNotify, [memory, offset, operand(data.valueB)], in: self)
  }

  private func atomicWait(_ data: InstData) -> LLVMValueRef {
    let operands = list(data.a)
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    let offset = checkedOffset(memArg, operands[0])
    let memory = model.memory(memArg.memory, in: self)
    return model.callRuntime(
      data.shape == .i32 ? .atomicWait32 : .atomicWait64,
      [memory, offset, operand(operands[1]), operand(operands[2])], in: self)
  }
}
