internal import Support

/// Validates all function bodies of a module that `decode` returned, on `jobs` threads.
///
/// - Returns: the features that the bodies use.
/// - Throws: the error with the lowest offset, whatever `jobs` is.
@discardableResult
public func validateFunctions(
  of module: Module, features: Features = .supported, jobs: Int = 1
) throws(WasmError) -> Features {
  []
}
