internal import CLLVM
import CRuntimeABI
import IR

extension FunctionLowering {
  // MARK: Addresses

  /// The native address of an access of `width` bytes.
  ///
  /// The index is wrapped at its own width before this (it is an i32), zero-extended, and only then the
  /// offset is added, in 64 bits. Neither `nuw` nor `inbounds`: folding the sum before the extension let
  /// programs out of Cranelift's sandbox (GHSA-ff4p-7xrq-q5r8), and either flag would let LLVM do so.
  func address(_ memArg: MemArg, _ index: Value, width: UInt64) -> LLVMValueRef {
    let memory = module.memories[memArg.memory]
    var index = operand(index)
    if !memory.isMemory64 { index = LLVMBuildZExt(builder, index, types.i64, "") }
    let comparison =
      checksBounds(of: memArg.memory)
      ? checkBounds(memArg.memory, index, offset: memArg.offset, width: width) : nil
    if memArg.offset != 0 { index = LLVMBuildAdd(builder, index, base.int64(memArg.offset), "") }
    let pointer = byteAddress(memArg.memory, index)
    return comparison.map { masked(pointer, unless: $0) } ?? pointer
  }

  private func byteAddress(_ memory: MemoryID, _ index: LLVMValueRef) -> LLVMValueRef {
    var index: LLVMValueRef? = index
    return LLVMBuildGEP2(builder, types.i8, model.memoryBase(memory, in: self), &index, 1, "")
  }

  // MARK: Loads and stores

  private func load(_ inst: Inst, _ type: LLVMTypeRef, width: UInt64, _ index: Value, _ memArg: MemArg)
    -> LLVMValueRef
  {
    let load = LLVMBuildLoad2(builder, type, address(memArg, index, width: width), "")!
    LLVMSetAlignment(load, 1)
    LLVMSetMetadata(load, unit.aliasTags.kind, unit.aliasTags.memories[memArg.memory.index])
    regions?.mark(load, of: inst)
    // It may trap. LLVM would drop an ordinary load whose value nobody needs; where it optimises, the pass
    // `anchor` has found out who does, and otherwise a volatile load costs nothing. (A check stays in any case.)
    if !isOptimized || !hasUses(inst), !checksBounds(of: memArg.memory) { LLVMSetVolatile(load, 1) }
    return load
  }

  func lowerLoad(_ inst: Inst, _ data: InstData) {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    let type = types[data.shape]
    func load(_ type: LLVMTypeRef, _ width: Int) -> LLVMValueRef {
      self.load(inst, type, width: UInt64(width), data.valueA, memArg)
    }
    let result: LLVMValueRef
    switch data.opcode {
    case .load: result = load(type, data.shape.type!.byteCount)
    case .load8S: result = LLVMBuildSExt(builder, load(types.i8, 1), type, "")
    case .load8U: result = LLVMBuildZExt(builder, load(types.i8, 1), type, "")
    case .load16S: result = LLVMBuildSExt(builder, load(types.i16, 2), type, "")
    case .load16U: result = LLVMBuildZExt(builder, load(types.i16, 2), type, "")
    case .load32S: result = LLVMBuildSExt(builder, load(types.i32, 4), type, "")
    case .load32U: result = LLVMBuildZExt(builder, load(types.i32, 4), type, "")
    case .loadExtendS, .loadExtendU:
      let lane: LLVMTypeRef = LLVMIntTypeInContext(base.context, UInt32(data.shape.laneBits / 2))
      let half = load(LLVMVectorType(lane, UInt32(data.shape.laneCount)), 8)
      result =
        data.opcode == .loadExtendS
        ? LLVMBuildSExt(builder, half, type, "") : LLVMBuildZExt(builder, half, type, "")
    case .loadSplat: result = splat(load(types.lane(data.shape), data.shape.laneBits / 8), data.shape)
    case .loadZero:
      result = insert(LLVMConstNull(type), load(types.lane(data.shape), data.shape.laneBits / 8), 0)
    case .loadLane:
      let lane = load(types.lane(data.shape), data.shape.laneBits / 8)
      result = insert(operand(data.valueB, as: data.shape), lane, Int(memArg.lane))
    default: preconditionFailure("\(data.opcode) is not a load")
    }
    define(inst, result)
  }

  func lowerStore(_ inst: Inst, _ data: InstData) {
    let memArg = function.memArgs[MemArgID(rawValue: data.c)]
    var value = operand(data.valueB, as: data.shape)
    let width: Int
    switch data.opcode {
    case .store: width = data.shape.type!.byteCount
    case .store8:
      width = 1
      value = LLVMBuildTrunc(builder, value, types.i8, "")
    case .store16:
      width = 2
      value = LLVMBuildTrunc(builder, value, types.i16, "")
    case .store32:
      width = 4
      value = LLVMBuildTrunc(builder, value, types.i32, "")
    case .storeLane:
      width = data.shape.laneBits / 8
      value = extract(value, Int(memArg.lane))
    default: preconditionFailure("\(data.opcode) is not a store")
    }
    let store = LLVMBuildStore(builder, value, address(memArg, data.valueA, width: UInt64(width)))!
    LLVMSetAlignment(store, 1)
    // Around `x | 1` LLVM narrows load and store, even if the load is volatile.
    if !isOptimized { LLVMSetVolatile(store, 1) }
    LLVMSetMetadata(store, unit.aliasTags.kind, unit.aliasTags.memories[memArg.memory.index])
    regions?.mark(store, of: inst)
  }

  // MARK: Size and bulk operations

  func memorySizeOrGrow(_ data: InstData) -> LLVMValueRef {
    let id = MemoryID(rawValue: data.c)
    let pages: LLVMValueRef
    if data.opcode == .memorySize {
      pages = memoryField(WasmaotMemory.pages, of: id, types.i64)
      // Another thread may grow it: a loop that waits for that must look again.
      if module.memories[id].isShared { LLVMSetOrdering(pages, LLVMAtomicOrderingSequentiallyConsistent) }
    } else {
      pages = model.callRuntime(
        .memoryGrow, [model.memory(id, in: self), extendedToI64(data.valueA)], in: self)
    }
    // The runtime's failure, 2^64 - 1, is WebAssembly's in either width.
    return module.memories[id].isMemory64 ? pages : LLVMBuildTrunc(builder, pages, types.i32, "")
  }

  func extendedToI64(_ value: Value) -> LLVMValueRef {
    LLVMBuildIntCast2(builder, operand(value), types.i64, 0, "")
  }

  func lowerBulkMemory(_ data: InstData) {
    if data.opcode == .dataDrop {
      return dropSegment(model.dataSegment(DataID(rawValue: data.c), in: self))
    }
    let operands = list(data.a)
    let memory = MemoryID(rawValue: data.b)
    let destination = extendedToI64(operands[0])
    let count = extendedToI64(operands[2])
    switch data.opcode {
    case .memoryFill:
      checkRange(memory, destination, count)
      let byte = LLVMBuildTrunc(builder, operand(operands[1]), types.i8, "")
      model.fill(memory, byteAddress(memory, destination), byte!, count, in: self)
    case .memoryCopy:
      let source = MemoryID(rawValue: data.c)
      let from = extendedToI64(operands[1])
      checkRange(memory, destination, count)
      checkRange(source, from, count)
      model.move(
        (memory, source), byteAddress(memory, destination), byteAddress(source, from), count, in: self)
    case .memoryInit:
      let segment = model.dataSegment(DataID(rawValue: data.c), in: self)
      _ = model.callRuntime(
        .memoryInit,
        [model.memory(memory, in: self), segment, destination, extendedToI64(operands[1]), count], in: self)
    default: preconditionFailure("\(data.opcode) is not a bulk operation")
    }
  }

  /// data.drop and elem.drop: the segment's size becomes 0.
  func dropSegment(_ segment: LLVMValueRef) {
    let size = LLVMBuildStructGEP2(builder, types.segment, segment, 1, "")
    storeRuntime(base.int64(0), size!)
  }
}
