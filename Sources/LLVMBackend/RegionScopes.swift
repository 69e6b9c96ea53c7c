internal import CLLVM
import IR

/// The metadata of a function's regions.
struct RegionScopes {
  private let regions: AddressRegions
  private let scopeKind: UInt32
  private let noaliasKind: UInt32
  /// By region.
  private var scopes: [LLVMValueRef] = []
  private var others: [LLVMValueRef] = []

  init(_ unit: Unit, _ function: Function, _ llvmFunction: LLVMValueRef) {
    regions = AddressRegions(function)
    let context = unit.context
    scopeKind = LLVMGetMDKindIDInContext(context, "alias.scope", 11)
    noaliasKind = LLVMGetMDKindIDInContext(context, "noalias", 7)
    if regions.memories.isEmpty { return }
    var length = 0
    let name = String(cString: LLVMGetValueName2(llvmFunction, &length))
    func node(_ operands: [LLVMMetadataRef]) -> LLVMMetadataRef {
      var operands = operands.map(Optional.some)
      return LLVMMDNodeInContext2(context, &operands, operands.count)
    }
    func string(_ text: String) -> LLVMMetadataRef {
      LLVMMDStringInContext2(context, text, text.utf8.count)
    }
    // Scopes are the same if their names are.
    let all = regions.memories.enumerated().map { index, memory in
      node([string("\(name) \(index)"), node([string("\(name) memory \(memory.rawValue)")])])
    }
    for (index, memory) in regions.memories.enumerated() {
      scopes.append(LLVMMetadataAsValue(context, node([all[index]])))
      let apart = all.indices.filter { $0 != index && regions.memories[$0] == memory }.map { all[$0] }
      others.append(LLVMMetadataAsValue(context, node(apart)))
    }
  }

  /// Says where the access is.
  func mark(_ access: LLVMValueRef, of inst: Inst) {
    guard let region = regions.regions[inst] else { return }
    LLVMSetMetadata(access, scopeKind, scopes[region])
    LLVMSetMetadata(access, noaliasKind, others[region])
  }
}
