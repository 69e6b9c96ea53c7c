internal import CLLVM

// What metadata is made of.
extension Unit {
  /// A node that is the same wherever its operands are.
  func node(_ operands: [LLVMMetadataRef?]) -> LLVMMetadataRef {
    var operands = operands
    return LLVMMDNodeInContext2(context, &operands, operands.count)
  }

  func metadata(_ text: String) -> LLVMMetadataRef {
    LLVMMDStringInContext2(context, text, text.utf8.count)
  }
}
