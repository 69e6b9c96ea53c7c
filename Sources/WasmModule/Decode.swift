/// Decodes the sections of a module and validates everything but the function bodies.
///
/// - Throws: the first error in the order of the bytes.
public func decode(_ bytes: ModuleBytes, features: Features = .supported) throws(WasmError) -> Module {
  var decoder = Decoder(bytes: bytes, features: features)
  return try decoder.decodeModule()
}

/// `decode`, then `validateFunctions`.
public func decodeAndValidate(
  _ bytes: ModuleBytes, features: Features = .supported, jobs: Int = 1
) throws(WasmError) -> Module {
  var module = try decode(bytes, features: features)
  module.featuresUsed.formUnion(try validateFunctions(of: module, features: features, jobs: jobs))
  return module
}
