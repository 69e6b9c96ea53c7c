internal import CLLVM

// Loads that end where what the program loads does.
//
// Of every second element, say, LLVM's loop vectoriser loads whole vectors, behind the last element that is needed, too:
// the turn of the loop that comes next, it says, loads from there anyway, and leaves that one to a scalar loop. But where
// a loop has several exits, that turn may leave before it loads: at a bounds check, or at a `break`. What is behind the
// last element may then be the end of the memory, and a program that is correct would trap, or an access beyond a check's
// limit would be made. So behind LLVM's passes, vectors of whose last lanes nothing is used are loaded without these.

extension Unit {
  func trimLoads() {
    var function = LLVMGetFirstFunction(llvm)
    while let current = function {
      function = LLVMGetNextFunction(current)
      var block = LLVMGetFirstBasicBlock(current)
      while let here = block {
        block = LLVMGetNextBasicBlock(here)
        var inst = LLVMGetFirstInstruction(here)
        while let load = inst {
          inst = LLVMGetNextInstruction(load)
          if LLVMGetInstructionOpcode(load) == LLVMLoad { trim(load) }
        }
      }
    }
  }

  /// To as many lanes as are used, in two loads that overlap where that is no power of two.
  private func trim(_ load: LLVMValueRef) {
    let type = LLVMTypeOf(load)!
    guard LLVMGetTypeKind(type) == LLVMVectorTypeKind, LLVMGetVolatile(load) == 0 else { return }
    let lanes = Int(LLVMGetVectorSize(type))
    let laneType = LLVMGetElementType(type)!
    let laneBits = lanes > 0 ? Int(LLVMSizeOfTypeInBits(LLVMGetModuleDataLayout(llvm), type)) / lanes : 0
    let used = usedLanes(of: load, lanes)
    guard 0 < used, used < lanes, laneBits % 8 == 0 else { return }

    var width = 1
    while 2 * width <= used { width *= 2 }
    LLVMPositionBuilderBefore(builder, load)
    let piece = LLVMVectorType(laneType, UInt32(width))!
    let first = loadLanes(from: 0, as: piece, laneBits / 8, insteadOf: load)
    let shift = used - width
    let second = shift == 0 ? first : loadLanes(from: shift, as: piece, laneBits / 8, insteadOf: load)
    var mask = (0..<lanes).map { lane -> LLVMValueRef? in
      if lane < width { return int32(lane) }
      return lane < used ? int32(width + lane - shift) : LLVMGetPoison(types.i32)
    }
    let whole = LLVMBuildShuffleVector(builder, first, second, LLVMConstVector(&mask, UInt32(lanes)), "")
    LLVMReplaceAllUsesWith(load, whole)
    LLVMInstructionEraseFromParent(load)
  }

  /// One more than the last lane that something depends on: all of them where uses are not understood.
  private func usedLanes(of load: LLVMValueRef, _ lanes: Int) -> Int {
    var used = 0
    var next = LLVMGetFirstUse(load)
    while let use = next {
      next = LLVMGetNextUse(use)
      let user = LLVMGetUser(use)!
      switch LLVMGetInstructionOpcode(user) {
      case LLVMShuffleVector:
        for position in 0..<LLVMGetNumMaskElements(user) {
          let lane = Int(LLVMGetMaskValue(user, position))
          guard lane >= 0 else { continue }
          let operand = LLVMGetOperand(user, lane < lanes ? 0 : 1)
          if operand == load { used = max(used, lane % lanes + 1) }
        }
      case LLVMExtractElement:
        guard let index = LLVMIsAConstantInt(LLVMGetOperand(user, 1)) else { return lanes }
        let lane = LLVMConstIntGetZExtValue(index)
        if lane < UInt64(lanes) { used = max(used, Int(lane) + 1) }
      default: return lanes
      }
    }
    return used
  }

  private func loadLanes(
    from lane: Int, as type: LLVMTypeRef, _ laneBytes: Int, insteadOf load: LLVMValueRef
  ) -> LLVMValueRef {
    let offset = lane * laneBytes
    var pointer = LLVMGetOperand(load, 0)!
    if offset > 0 {
      var index: LLVMValueRef? = int64(offset)
      pointer = LLVMBuildGEP2(builder, types.i8, pointer, &index, 1, "")
    }
    let piece = LLVMBuildLoad2(builder, type, pointer, "")!
    let alignment = Int(LLVMGetAlignment(load))
    LLVMSetAlignment(piece, UInt32(offset > 0 ? min(alignment, offset & -offset) : alignment))
    var count = 0
    if let entries = LLVMInstructionGetAllMetadataOtherThanDebugLoc(load, &count) {
      for entry in 0..<UInt32(count) {
        let metadata = LLVMMetadataAsValue(context, LLVMValueMetadataEntriesGetMetadata(entries, entry))
        LLVMSetMetadata(piece, LLVMValueMetadataEntriesGetKind(entries, entry), metadata)
      }
      LLVMDisposeValueMetadataEntries(entries)
    }
    return piece
  }
}
