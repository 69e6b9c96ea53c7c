/// What no module may exceed: the limits that browsers and wasmparser share, so that a module which is
/// accepted there is accepted here. They bound the memory and time that hostile input can take.
enum ImplementationLimits {
  static let types = 1_000_000
  static let functions = 1_000_000
  static let imports = 1_000_000
  /// Bytes of the modules' names of all imports together, for a module of this size. A group of imports has its name
  /// once, and everybody behind the decoder looks at it once for each of them.
  static func importModuleNames(size: Int) -> Int { 4_000_000 + 4 * size }
  static let exports = 1_000_000
  static let globals = 1_000_000
  static let tags = 1_000_000
  static let tables = 100
  static let memories = 100
  static let dataSegments = 100_000
  static let elementSegments = 100_000
  static let tableEntries = 10_000_000
  static let functionParams = 1_000
  static let functionResults = 1_000
  static let functionLocals = 50_000
  static let functionBytes = 7_654_321
  /// Values on the operand stack. Above `functionBytes`, so that only operators with many results, left
  /// lying about on purpose, can reach it.
  static let operandStack = 8_388_608
}
