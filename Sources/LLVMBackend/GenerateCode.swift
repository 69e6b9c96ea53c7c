internal import CLLVM
public import IR

/// Compiles a module of the IR: optimises it with LLVM and emits one or more units.
///
/// The bytes depend on the module and the options other than `jobs` only.
public func generateCode(
  for module: IR.Module, options: BackendOptions
) throws(BackendError) -> CodegenResult {
  throw .internalError("not implemented")
}

/// An object that defines the hidden symbol `symbol` as read-only data.
public func dataObject(
  symbol: String, bytes: [UInt8], options: BackendOptions
) throws(BackendError) -> [UInt8] {
  throw .internalError("not implemented")
}
