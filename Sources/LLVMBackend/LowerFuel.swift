internal import CLLVM
import IR

// The count is a variable of the program, or of the store of an instance, and exact whenever somebody may look at it: at
// calls, and at traps.
//
// Where all traps are branches, LLVM sees to that by itself: it keeps the count in a register in loops without calls, and
// vectorises them. Where accesses fault, it would move them across changes of the count, so that the count at a fault
// was that of another segment: for all that LLVM knows, loads don't trap. Two ways out, by function:
//
// - Functions with a loop that could be vectorised check their accesses, so that none faults. They are shut off from code
//   that they are inlined into, or that is inlined into them, by places at their ends and around calls that no
//   access to memory moves across.
// - In all others each change of the count is between two such places. For these LLVM would forget what the count is; so
//   functions have a variable of their own for it, which nothing but calls can make stale.
extension FunctionLowering {
  func lowerFuel(_ data: InstData) {
    switch data.opcode {
    case .fuelCharge:
      let count = LLVMBuildSub(builder, fuel(), base.int64(data.c), "")!
      setFuel(count)
    case .fuelCheck: trap(.outOfFuel, if: LLVMBuildICmp(builder, LLVMIntSLT, fuel(), base.int64(0), ""))
    default: preconditionFailure("\(data.opcode) is not about fuel")
    }
  }

  private func fuel() -> LLVMValueRef {
    guard let ownFuel else { return loadFuel() }
    return LLVMBuildLoad2(builder, types.i64, ownFuel, "")
  }

  private func setFuel(_ count: LLVMValueRef) {
    guard let ownFuel else { return storeFuel(count) }
    LLVMBuildStore(builder, count, ownFuel)
    base.exposeMemory()
    storeFuel(count)
    base.exposeMemory()
  }

  /// Chooses the way. At the end of the entry block.
  func beginFuel() {
    let countsFuel = function.insts.values.contains { $0.opcode == .fuelCharge || $0.opcode == .fuelCheck }
    guard countsFuel, isOptimized, !unit.facts.checksAllBounds else { return }
    checksForFuel = function.hasRegularLoop()
    if !checksForFuel { ownFuel = LLVMBuildAlloca(builder, types.i64, "") }
    updateFuel()
  }

  /// After a call, which may have changed the count.
  func updateFuel() {
    if checksForFuel { base.exposeMemory() }
    if let ownFuel { LLVMBuildStore(builder, loadFuel(), ownFuel) }
  }

  /// Before a call, or the function's end.
  func leaveFuel() {
    if checksForFuel { base.exposeMemory() }
  }

  private func loadFuel() -> LLVMValueRef {
    let load = LLVMBuildLoad2(builder, types.i64, model.fuel(in: self), "")!
    LLVMSetMetadata(load, unit.aliasTags.kind, unit.aliasTags.fuel)
    return load
  }

  private func storeFuel(_ count: LLVMValueRef) {
    let store = LLVMBuildStore(builder, count, model.fuel(in: self))
    LLVMSetMetadata(store, unit.aliasTags.kind, unit.aliasTags.fuel)
  }
}
