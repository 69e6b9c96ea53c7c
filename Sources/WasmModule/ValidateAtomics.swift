internal import Support

// Atomic memory operators (threads proposal).

extension FunctionValidator {
  /// Loads, stores, read-modify-write, wait and notify: an address, then what the table's row says.
  mutating func atomic(_ info: OperatorInfo) throws(WasmError) {
    var flags = cursor
    // The translation takes the width of the access from its alignment.
    guard try flags.u32() & 0x3F == UInt32(info.parameter) else {
      // Whatever else is wrong with it comes first.
      _ = try memarg(info)
      throw .invalid("atomic alignment must be natural", at: opStart)
    }
    let address = try memarg(info)
    if info.operand1 != 0 { try pop(ValType(bits: UInt32(info.operand1))) }
    if info.operand0 != 0 { try pop(ValType(bits: UInt32(info.operand0))) }
    try pop(address)
    if info.result != 0 { push(ValType(bits: UInt32(info.result))) }
  }

  mutating func atomicFence() throws(WasmError) {
    guard try cursor.byte() == 0 else { throw .malformed("zero byte expected", at: opStart) }
  }
}
