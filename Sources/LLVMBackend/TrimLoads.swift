internal import CLLVM

// Loads that end where what the program loads does.
//
// Of every second element, say, LLVM's loop vectoriser loads whole vectors, behind the last element that is needed, too:
// the turn of the loop that comes next, it says, loads from there anyway, and leaves that one to a scalar loop. But where
// a loop has several exits, that turn may leave before it loads: at a bounds check, or at a `break`. What is behind the
// last element may then be the end of the memory, and a program that is correct would trap, or an access beyond a check's
// limit would be made. So behind LLVM's passes, vectors of whose last lanes nothing is used are loaded without these.

extension Unit {
  /// To as many lanes as are used, in two loads that overlap where that is no power of two.
  func trim(_ load: LLVMValueRef) {
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

  /// One more than the last lane that something depends on: all of them where uses are not understood, or are many.
  ///
  /// LLVM shuffles behind operators of whole vectors rather than in front of them, so what these make is looked at,
  /// too. Not what divides integers: in a lane that means nothing it may trap.
  private func usedLanes(of load: LLVMValueRef, _ lanes: Int) -> Int {
    var used = 0
    var values = [load]
    var seen: Set = [load]
    var useCount = 0
    while let value = values.popLast() {
      var next = LLVMGetFirstUse(value)
      while let use = next {
        next = LLVMGetNextUse(use)
        useCount += 1
        let user = LLVMGetUser(use)!
        if let last = lastLane(of: value, in: user, lanes) {
          used = max(used, last + 1)
        } else if isLanewise(user, lanes) {
          if seen.insert(user).inserted { values.append(user) }
        } else {
          return lanes
        }
        if used == lanes || useCount > 200 { return lanes }
      }
    }
    return used
  }

  /// The last lane of a vector that a shuffle or an extraction of one lane takes, -1 if it takes none.
  private func lastLane(of value: LLVMValueRef, in user: LLVMValueRef, _ lanes: Int) -> Int? {
    switch LLVMGetInstructionOpcode(user) {
    case LLVMShuffleVector:
      var last = -1
      for position in 0..<LLVMGetNumMaskElements(user) {
        let lane = Int(LLVMGetMaskValue(user, position))
        guard lane >= 0 else { continue }
        if LLVMGetOperand(user, lane < lanes ? 0 : 1) == value { last = max(last, lane % lanes) }
      }
      return last
    case LLVMExtractElement:
      guard let index = LLVMIsAConstantInt(LLVMGetOperand(user, 1)) else { return nil }
      let lane = LLVMConstIntGetZExtValue(index)
      return lane < UInt64(lanes) ? Int(lane) : -1
    default: return nil
    }
  }

  /// Whether each lane of the result comes of the operands' lanes at the same place, and nothing else happens.
  private func isLanewise(_ inst: LLVMValueRef, _ lanes: Int) -> Bool {
    let type = LLVMTypeOf(inst)!
    guard LLVMGetTypeKind(type) == LLVMVectorTypeKind, Int(LLVMGetVectorSize(type)) == lanes else {
      return false
    }
    switch LLVMGetInstructionOpcode(inst) {
    case LLVMAdd, LLVMSub, LLVMMul, LLVMShl, LLVMLShr, LLVMAShr, LLVMAnd, LLVMOr, LLVMXor, LLVMFAdd, LLVMFSub,
      LLVMFMul, LLVMFDiv, LLVMFNeg, LLVMICmp, LLVMFCmp, LLVMSelect, LLVMFreeze, LLVMTrunc, LLVMZExt, LLVMSExt,
      LLVMFPTrunc, LLVMFPExt, LLVMFPToUI, LLVMFPToSI, LLVMUIToFP, LLVMSIToFP, LLVMBitCast:
      return true
    case LLVMCall:
      guard let function = LLVMIsAFunction(LLVMGetCalledValue(inst)) else { return false }
      let id = LLVMGetIntrinsicID(function)
      return id != 0 && lanewiseIntrinsics.contains { LLVMLookupIntrinsicID($0, $0.utf8.count) == id }
    default: return false
    }
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

private let lanewiseIntrinsics = [
  "llvm.abs", "llvm.bitreverse", "llvm.bswap", "llvm.ceil", "llvm.copysign", "llvm.ctlz", "llvm.ctpop",
  "llvm.cttz",
  "llvm.fabs", "llvm.floor", "llvm.fptosi.sat", "llvm.fptoui.sat", "llvm.fshl", "llvm.fshr", "llvm.maximum",
  "llvm.maxnum", "llvm.minimum", "llvm.minnum", "llvm.nearbyint", "llvm.rint", "llvm.roundeven",
  "llvm.sadd.sat",
  "llvm.smax", "llvm.smin", "llvm.sqrt", "llvm.ssub.sat", "llvm.trunc", "llvm.uadd.sat", "llvm.umax",
  "llvm.umin",
  "llvm.usub.sat",
]
