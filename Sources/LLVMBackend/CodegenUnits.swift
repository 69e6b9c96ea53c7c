import IR
import Support

/// Which unit defines what: depends on the module only.
struct CodegenUnits: Sendable {
  /// The functions with a body that each unit defines, ascending. Where there are several units, unit 0 has none,
  /// but the data: it changes with other parts of a module than functions do.
  private(set) var units: [[FunctionID]]
  /// Small functions of other units that functions of each unit call: for LLVM to inline.
  private(set) var imports: [[FunctionID]] = []
  /// Nothing outside of the function's own unit names it.
  private(set) var isLocal = SecondaryMap<FunctionID, Bool>(default: false)

  /// The most IR instructions of a unit with more than one function: where one function changes, its unit is
  /// compiled again (docs/decisions/0115).
  static let unitSize = 4_000
  /// The most IR instructions of a function that LLVM may want to inline into other units, and of all such in one.
  static let importSize = 30
  static let importSizeOfUnit = 2_000
  /// The same of a function that a profile has as a hot one.
  static let hotImportSize = 300
  /// The most of a module that is one unit: nothing of it takes long.
  static let smallModuleSize = 16_000

  var count: Int { units.count }

  init(
    _ module: IR.Module, _ usage: ModuleUsage, _ sizes: FunctionSizes, _ options: BackendOptions,
    _ profile: ProfilePlan, isGiant: (FunctionID) -> Bool
  ) {
    let defined = module.bodies.defined
    let ordinary = defined.filter { !isGiant($0) }
    let giants = defined.filter(isGiant)
    let size = ordinary.reduce(0) { $0 + sizes.instructionCounts[$1] }
    if options.isOneUnit || (size <= Self.smallModuleSize && giants.isEmpty) {
      units = [defined]
      return
    }
    units = [[]]
    Self.split(ordinary[...], sizes.instructionCounts, into: &units)
    // A giant is a unit by itself: the code generator's effort is the unit's.
    units += giants.map { [$0] }
    // (What counts is inlined nowhere else: what it is has one place.)
    if options.level != .O0, !options.countsBranches { findImports(sizes, profile.matched, isGiant: isGiant) }
    findLocals(module, usage, sizes, options.entry)
  }

  /// Splits at multiples of powers of two among the functions' indices, the largest first: neighbours stay together,
  /// which come from one source file most of the time, and what a function is like decides about no boundary but those
  /// around it. So a function that changes leaves the units of the others as they are.
  private static func split(
    _ functions: ArraySlice<FunctionID>, _ counts: SecondaryMap<FunctionID, Int>,
    into units: inout [[FunctionID]]
  ) {
    var pending = [functions]
    while let part = pending.popLast() {
      guard let first = part.first, let last = part.last else { continue }
      if first == last || part.reduce(0, { $0 + counts[$1] }) <= unitSize {
        units.append(Array(part))
        continue
      }
      // The highest bit in which the indices differ is 0 in the first ones.
      let differing = first.rawValue ^ last.rawValue
      let bit: UInt32 = 1 << (31 - UInt32(differing.leadingZeroBitCount))
      let middle = part.firstIndex { $0.rawValue & bit != 0 }!  // The last one's is set.
      pending.append(part[middle...])
      pending.append(part[..<middle])
    }
  }

  private mutating func findImports(
    _ sizes: FunctionSizes, _ profile: MatchedProfile?, isGiant: (FunctionID) -> Bool
  ) {
    /// What is called often is worth it to be larger.
    func mostInstructions(of callee: FunctionID) -> Int {
      guard let profile, let calls = profile.counts[callee].first else { return Self.importSize }
      return calls >= profile.summary.hotCount && calls > 0 ? Self.hotImportSize : Self.importSize
    }
    var unit = SecondaryMap<FunctionID, Int>(default: -1)
    for (index, functions) in units.enumerated() { for id in functions { unit[id] = index } }
    imports = units.enumerated().map { index, functions in
      var imported: Set<FunctionID> = []
      var size = 0
      // What is inlined may call others that are small.
      var pending = functions.filter { !isGiant($0) }[...]
      while let caller = pending.popFirst() {
        for callee in sizes.callees(of: caller)
        where unit[callee] >= 0 && unit[callee] != index
          && sizes.instructionCounts[callee] <= mostInstructions(of: callee)
          && size + sizes.instructionCounts[callee] <= Self.importSizeOfUnit
        {
          guard imported.insert(callee).inserted else { continue }
          size += sizes.instructionCounts[callee]
          pending.append(callee)
        }
      }
      return imported.sorted()
    }
  }

  private mutating func findLocals(
    _ module: IR.Module, _ usage: ModuleUsage, _ sizes: FunctionSizes, _ entry: EntryPoint
  ) {
    var unit = SecondaryMap<FunctionID, Int>(default: 0)
    for (index, functions) in units.enumerated() {
      for id in functions {
        unit[id] = index
        isLocal[id] = !usage.isReferenced[id]
      }
    }
    for (index, functions) in units.enumerated() {
      for caller in functions + (imports.isEmpty ? [] : imports[index]) {
        for callee in sizes.callees(of: caller) where unit[callee] != index { isLocal[callee] = false }
      }
    }
    // The data, and what the runtime enters, is in unit 0.
    for table in module.tables.values where table.isReadOnly {
      for id in table.initial where !id.isNone { isLocal[id] = false }
    }
    for export in module.exports { if let id = export.function { isLocal[id] = false } }
    for id in [module.start, module.threadStart] where !id.isNone { isLocal[id] = false }
    if case .start(let id) = entry { isLocal[id] = false }
  }
}
