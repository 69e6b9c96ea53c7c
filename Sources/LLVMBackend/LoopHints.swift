internal import CLLVM
import IR

// LLVM's unroller takes anchors (`keep`) for calls, and makes no copies of a turn with calls in it. Loops that LLVM vectorises
// itself have none; those that a producer has vectorised have one for each vector that they load, and one vector a turn, for
// producers make no copies for WebAssembly. So these ask for copies. Short loops whose turns are counted are not asked: LLVM
// makes straight code of them, with or without calls, but not of those that ask.
extension FunctionLowering {
  /// For the branch at the end of the current block, if that is a loop.
  func askForCopies(_ branch: LLVMValueRef, _ targets: BlockCallData...) {
    let level = unit.facts.options.level
    guard isOptimized, level == .O2 || level == .O3, targets.count(where: { $0.block == currentBlock }) == 1,
      let copies = copies(of: currentBlock)
    else { return }
    LLVMSetMetadata(branch, base.loopKind, base.unrollHint(copies))
  }

  /// How many of the block there should be in a turn; nil where that is LLVM's business.
  private func copies(of block: Block) -> Int? {
    var count = 0
    var hasVectors = false
    for inst in function.blockInsts[block] {
      let data = function.insts[inst]
      switch data.opcode.format {
      case .call, .callIndirect: return nil
      case .load, .store: hasVectors = hasVectors || data.shape.type == .v128
      default: break
      }
      switch data.opcode {
      case .iconst, .fconst, .vconst, .keep: break
      default: count += 1
      }
    }
    guard hasVectors, count <= Self.largestLoop else { return nil }
    if let turns = ranges.turns(of: block), turns < UInt64(Self.straightCode / max(count, 1)) { return nil }
    return count <= Self.smallLoop ? 4 : 2
  }

  /// IR instructions that do something.
  private static var smallLoop: Int { 8 }
  private static var largestLoop: Int { 24 }
  /// Of all turns together: more than LLVM would make straight code of (150 at -O2, 300 at -O3).
  private static var straightCode: Int { 320 }
}

extension Unit {
  var loopKind: UInt32 { LLVMGetMDKindIDInContext(context, "llvm.loop", 9) }

  /// Of a branch back to the start of a loop: its own node, which names itself, as LLVM wants it.
  func unrollHint(_ copies: Int) -> LLVMValueRef {
    let hint = node([metadata("llvm.loop.unroll.count"), LLVMValueAsMetadata(int32(copies))])
    let placeholder = LLVMTemporaryMDNode(context, nil, 0)
    let loop = node([placeholder, hint])
    LLVMMetadataReplaceAllUsesWith(placeholder, loop)
    return LLVMMetadataAsValue(context, loop)
  }
}
