import IR
import WasmModule

/// The IR's side of a row of opcodes.table.
struct SimpleOperator: Sendable {
  var opcode: IR.Opcode
  var shape: IR.Shape
  init(_ opcode: IR.Opcode, _ shape: IR.Shape) {
    self.opcode = opcode
    self.shape = shape
  }
}

extension WasmOpcode {
  /// The IR operator with the same operands and result, if there is one.
  var simple: SimpleOperator? { simpleOperators[Int(rawValue)] }
}
