public import Support

/// The section of the branch hinting proposal: which way branches mostly go.
///
/// Custom sections never make a module invalid: what is malformed is left out with a warning, hints that were
/// read before it stay.
public struct BranchHintSection: Sendable {
  public struct Hint: Hashable, Sendable {
    /// In bytes from the start of the function's body (its local declarations).
    public var offset: UInt32
    /// Whether the condition is likely to be non-zero.
    public var isLikely: Bool
  }

  /// Ascending by function.
  private var functions: [(function: UInt32, range: Range<Int>)] = []
  /// Ascending by offset within a function.
  private var hints: [Hint] = []
  public private(set) var warnings: [CustomSectionWarning] = []

  public static let sectionName: ByteString = "metadata.code.branch_hint"

  /// Reads the first such section of a module.
  public init(_ module: Module) {
    guard let section = module.customSections.first(where: { $0.name == Self.sectionName }) else { return }
    var cursor = ByteCursor(module.bytes.buffer, range: section.contents)
    do throws(WasmError) {
      let count = try cursor.count("functions", limit: ImplementationLimits.functions, minimumSize: 2)
      for _ in 0..<count { try readFunction(&cursor) }
    } catch {
      warnings.append(
        CustomSectionWarning(section: Self.sectionName, message: error.message, offset: error.offset))
    }
  }

  private mutating func readFunction(_ cursor: inout ByteCursor) throws(WasmError) {
    let start = cursor.position
    let function = try cursor.u32()
    guard function > functions.last?.function ?? 0 || functions.isEmpty else {
      throw .malformed("functions are not in ascending order", at: start)
    }
    let first = hints.count
    defer { functions.append((function, first..<hints.count)) }
    let count = try cursor.count("hints", limit: ImplementationLimits.functionBytes, minimumSize: 3)
    for _ in 0..<count {
      let start = cursor.position
      let offset = try cursor.u32()
      guard hints.count == first || offset > hints[hints.count - 1].offset else {
        throw .malformed("hints are not in ascending order", at: start)
      }
      guard try cursor.u32() == 1 else { throw .malformed("a hint is not one byte long", at: start) }
      let value = try cursor.byte()
      guard value <= 1 else { throw .malformed("malformed hint", "\(value)", at: start) }
      hints.append(Hint(offset: offset, isLikely: value == 1))
    }
  }

  /// The hints of a function, ascending.
  public func hints(of function: FuncIdx) -> ArraySlice<Hint> {
    var low = 0
    var high = functions.count
    while low < high {
      let middle = (low + high) / 2
      if functions[middle].function < function.rawValue { low = middle + 1 } else { high = middle }
    }
    guard low < functions.count, functions[low].function == function.rawValue else { return [] }
    return hints[functions[low].range]
  }
}
