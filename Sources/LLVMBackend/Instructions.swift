internal import CLLVM

/// The instructions of a function, block by block. The one that was given last may be replaced or deleted.
struct Instructions: Sequence, IteratorProtocol {
  private var nextBlock: LLVMBasicBlockRef?
  private var nextInst: LLVMValueRef?

  init(of function: LLVMValueRef) { nextBlock = LLVMGetFirstBasicBlock(function) }

  mutating func next() -> LLVMValueRef? {
    while nextInst == nil, let block = nextBlock {
      nextInst = LLVMGetFirstInstruction(block)
      nextBlock = LLVMGetNextBasicBlock(block)
    }
    guard let inst = nextInst else { return nil }
    nextInst = LLVMGetNextInstruction(inst)
    return inst
  }
}

/// Whether an instruction calls: one that goes on here if the callee throws (LowerUnwinding.swift) ends a block.
func isCall(_ inst: LLVMValueRef) -> Bool {
  let opcode = LLVMGetInstructionOpcode(inst)
  return opcode == LLVMCall || opcode == LLVMInvoke
}
