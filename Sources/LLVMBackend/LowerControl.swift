internal import CLLVM
import IR
import Support

extension FunctionLowering {
  func lowerControl(_ data: InstData) {
    switch data.opcode {
    case .jump:
      let call = blockCall(data.c)
      addIncoming(to: call.block, arguments(of: call))
      LLVMBuildBr(builder, block(call.block))
    case .brif: lowerBranch(data)
    case .brTable: lowerBranchTable(data)
    case .return: emitReturn(list(data.a).map { operand($0) })
    case .unwind: emitUnwind()
    case .trap: emitTrap(trapCode(data))
    case .trapnz: trap(trapCode(data), if: condition(data.valueA))
    default: preconditionFailure("\(data.opcode) is not control flow")
    }
  }

  private func trapCode(_ data: InstData) -> TrapCode {
    guard let code = TrapCode(rawValue: data.c) else { preconditionFailure("unknown trap code \(data.c)") }
    return code
  }

  private func blockCall(_ rawValue: UInt32) -> BlockCallData {
    function.blockCalls[BlockCall(rawValue: rawValue)]
  }

  private func arguments(of call: BlockCallData) -> [LLVMValueRef] {
    function.valueLists[call.arguments].map { operand($0) }
  }

  private func lowerBranch(_ data: InstData) {
    let condition = condition(data.valueA)
    let taken = blockCall(data.b)
    let other = blockCall(data.c)
    // Nothing is pending behind a call whose exceptions go to the caller.
    if function.definition(of: data.valueA)?.opcode == .exceptionPending, LLVMIsAConstantInt(condition) != nil
    {
      LLVMBuildBr(builder, directEdge(other))
      return
    }
    // Two edges to one block may carry different arguments; a phi has one value for each predecessor.
    let needsEdge = taken.block == other.block && !function.blockParams[taken.block].isEmpty
    countBranch(if: condition)
    let takenTarget = needsEdge ? edge(taken) : directEdge(taken)
    let branch = LLVMBuildCondBr(builder, condition, takenTarget, directEdge(other))!
    askForCopies(branch, taken, other)
    if function.definition(of: data.valueA)?.opcode == .exceptionPending {
      LLVMSetMetadata(branch, base.profileKind, base.unlikelyWeights)
    }
    // What runs did says more than what the producer expected.
    if weigh(branch: branch) { return }
    switch data.branchHint {
    case .none: break
    case .likely: LLVMSetMetadata(branch, base.profileKind, base.hintWeights(taken: true))
    case .unlikely: LLVMSetMetadata(branch, base.profileKind, base.hintWeights(taken: false))
    }
  }

  /// The target's block, entered from the current one.
  private func directEdge(_ call: BlockCallData) -> LLVMBasicBlockRef {
    addIncoming(to: call.block, arguments(of: call))
    return block(call.block)
  }

  /// A block of its own that goes on to the target.
  private func edge(_ call: BlockCallData) -> LLVMBasicBlockRef {
    let values = arguments(of: call)
    let current = LLVMGetInsertBlock(builder)
    let edge = appendBlock()
    LLVMPositionBuilderAtEnd(builder, edge)
    addIncoming(to: call.block, values)
    LLVMBuildBr(builder, block(call.block))
    LLVMPositionBuilderAtEnd(builder, current)
    return edge
  }

  private func lowerBranchTable(_ data: InstData) {
    let calls = function.jumpTables[JumpTable(rawValue: data.c)]
    // One block for each distinct edge with arguments: a table may have a million entries.
    var edges: [BlockCallData: LLVMBasicBlockRef] = [:]
    func target(_ id: BlockCall) -> LLVMBasicBlockRef {
      let call = function.blockCalls[id]
      if function.blockParams[call.block].isEmpty { return block(call.block) }
      if let known = edges[call] { return known }
      let made = edge(call)
      edges[call] = made
      return made
    }
    guard let last = calls.last else { preconditionFailure("a branch table has a default") }
    let index = operand(data.valueA)
    countBranch(to: index, entries: calls.count)
    let switchInst = LLVMBuildSwitch(builder, index, target(last), UInt32(calls.count - 1))!
    for (value, call) in calls.dropLast().enumerated() {
      LLVMAddCase(switchInst, base.int32(value), target(call))
    }
    weigh(switch: switchInst, entries: calls.count)
  }

  /// Returns; the results are not looked at.
  private func emitUnwind() {
    leaveFuel()
    if model.exceptionsUnwind { return raiseException() }
    let type = LLVMGetReturnType(LLVMGlobalGetValueType(llvmFunction))
    if type == types.void {
      LLVMBuildRetVoid(builder)
    } else {
      LLVMBuildRet(builder, LLVMGetPoison(type))
    }
  }

  private func emitReturn(_ values: [LLVMValueRef]) {
    leaveFuel()
    let results = module.signatures[function.signature].results
    switch ResultPassing(results) {
    case .none: LLVMBuildRetVoid(builder)
    case .value: LLVMBuildRet(builder, values[0])
    case .structure:
      var values = values.map(Optional.some)
      LLVMBuildAggregateRet(builder, &values, UInt32(values.count))
    case .pointer:
      let structure = unit.resultStructure(results)
      for (index, value) in values.enumerated() {
        LLVMBuildStore(
          builder, value, LLVMBuildStructGEP2(builder, structure, resultPointer, UInt32(index), ""))
      }
      LLVMBuildRetVoid(builder)
    }
  }
}
