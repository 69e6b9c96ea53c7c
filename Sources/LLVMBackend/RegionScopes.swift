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
    // Scopes are the same if their names are.
    let all = regions.memories.enumerated().map { index, memory in
      unit.node([
        unit.metadata("\(name) \(index)"),
        unit.node([unit.metadata("\(name) memory \(memory.rawValue)")]),
      ])
    }
    for (index, memory) in regions.memories.enumerated() {
      scopes.append(LLVMMetadataAsValue(context, unit.node([all[index]])))
      let apart = all.indices.filter { $0 != index && regions.memories[$0] == memory }.map { all[$0] }
      others.append(LLVMMetadataAsValue(context, unit.node(apart)))
    }
  }

  /// Says where the access is.
  func mark(_ access: LLVMValueRef, of inst: Inst) {
    guard let region = regions.regions[inst] else { return }
    LLVMSetMetadata(access, scopeKind, scopes[region])
    LLVMSetMetadata(access, noaliasKind, others[region])
  }
}
