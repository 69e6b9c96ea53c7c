internal import CLLVM
import CRuntimeABI
import IR

// Exceptions: objects of the runtime (`struct wasmaot_exception`) with a payload of 16 bytes a field. One that
// is on its way out of a function is pending: its address lies where the instance model says. How it leaves the function, and
// what is behind calls, is the model's, too (`exceptionsUnwind`).
extension FunctionLowering {
  func lowerException(_ inst: Inst, _ data: InstData) {
    switch data.opcode {
    case .exceptionNew: define(inst, newException(TagID(rawValue: data.b), list(data.a).map { operand($0) }))
    case .exceptionIs:
      let tag = loadRuntime(types.ptr, exceptionHead(WasmaotException.tag, of: operand(data.valueA)))
      let expected = model.tag(TagID(rawValue: data.c), in: self)
      defineCondition(inst, LLVMBuildICmp(builder, LLVMIntEQ, tag, expected, ""))
    case .exceptionField:
      define(inst, loadRuntime(types[data.shape], payloadField(Int(data.b), of: operand(data.valueA))))
    case .exceptionPending:
      defineCondition(
        inst,
        model.exceptionsUnwind ? exceptionOfCall! : LLVMBuildIsNotNull(builder, pendingException(), ""))
    case .exceptionPeek: define(inst, pendingException())
    default: preconditionFailure("\(data.opcode) has no result")
    }
  }

  func lowerExceptionStatement(_ data: InstData) {
    let exception = operand(data.valueA)
    switch data.opcode {
    case .exceptionSet: storeRuntime(exception, model.exceptionSlot(in: self))
    case .exceptionKeep:
      let flags = exceptionHead(WasmaotException.flags, of: exception)
      let kept = LLVMBuildOr(
        builder, loadRuntime(types.i32, flags), base.int32(WASMAOT_EXCEPTION_KEPT), "")!
      storeRuntime(kept, flags)
    case .exceptionRelease: _ = model.callRuntime(.exceptionRelease, [exception], in: self)
    default: preconditionFailure("\(data.opcode) is not a statement on exceptions")
    }
  }

  private func pendingException() -> LLVMValueRef {
    loadRuntime(types.ptr, model.exceptionSlot(in: self))
  }

  private func newException(_ tag: TagID, _ payload: [LLVMValueRef]) -> LLVMValueRef {
    let size = base.int32(payload.count * Int(WASMAOT_EXCEPTION_FIELD_SIZE))
    let exception = model.callRuntime(.exceptionNew, [model.tag(tag, in: self), size], in: self)
    for (field, value) in payload.enumerated() { storeRuntime(value, payloadField(field, of: exception)) }
    return exception
  }

  private func exceptionHead(_ field: UInt32, of exception: LLVMValueRef) -> LLVMValueRef {
    LLVMBuildStructGEP2(builder, types.exception, exception, field, "")
  }

  private func payloadField(_ field: Int, of exception: LLVMValueRef) -> LLVMValueRef {
    var offset: LLVMValueRef? = base.int64(
      Int(WASMAOT_EXCEPTION_PAYLOAD) + field * Int(WASMAOT_EXCEPTION_FIELD_SIZE))
    return LLVMBuildGEP2(builder, types.i8, exception, &offset, 1, "")
  }
}

/// Field numbers of `struct wasmaot_exception`.
private enum WasmaotException {
  static let tag: UInt32 = 0
  static let flags: UInt32 = 2
}

extension StaticModel {
  /// `struct wasmaot_static_tag`: its address is the identity.
  func tag(_ id: TagID) -> LLVMValueRef {
    unit.sharedVariable("wasmaot_tag_\(id.rawValue)", type: types.tag, isConstant: true, alignment: 8) {
      let tag = module.tags[id]
      let hasName = facts.options.names && !tag.name.isEmpty
      return base.structure(
        types.tag,
        [
          hasName ? base.string(tag.name.bytes) : base.null, base.int32(id.rawValue),
          base.int32(module.signatures[tag.signature].params.count),
        ])
    }
  }

  var exceptionGlobals: [GlobalID] {
    module.globals.ids.filter { module.globals[$0].type == .exnref && module.globals[$0].isMutable }
  }

  /// `wasmaot_exception_globals`: where else than on the stack the program may hold exceptions. Tables are listed
  /// in `wasmaot_module`.
  func defineExceptionRoots() {
    base.addGlobal(
      "wasmaot_exception_globals", base.array(types.ptr, exceptionGlobals.map { global($0) } + [base.null]),
      isConstant: true, linkage: LLVMExternalLinkage, alignment: 8)
  }
}
