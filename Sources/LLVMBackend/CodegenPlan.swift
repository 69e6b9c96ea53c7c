import IR
import Support

/// How a module becomes units; depends on the module and the options only.
struct CodegenPlan: Sendable {
  /// What lowering may ask, in whatever unit.
  let facts: CodegenFacts
  private let codegenUnits: CodegenUnits
  private let sizes: FunctionSizes
  private let profile: ProfilePlan

  /// LLVM's passes and its register allocator are not linear: a function above one of these is compiled as at -O0
  /// rather than letting it take most of the build.
  static let giantFunctionSize = 80_000
  /// Blocks (of the IR, and two for each check that traps) times instructions and values passed along edges (twice: phis
  /// cost in the register allocator as well). Measured on functions of Go, whose resumable bodies are loops around one branch table with thousands
  /// of targets: a tenth of a second of LLVM for each million, and quadratic, so this is about half a minute.
  /// CPython's and Lua's interpreter loops are at less than a third of it.
  static let giantFunctionWork = 300_000_000
  /// What comparisons with the tags of exceptions add to the work: this times their number squared. Jump threading takes
  /// cubic time over chains of them (2,000 clauses: 4 s, 4,000: 30 s).
  static let tagTestWork = 1_000
  /// The SLP vectoriser compares the addresses of a block's stores with each other: 7,000 of them take 7 s.
  static let storePairWork = 8

  /// Depth in the dominator tree, summed over the headers of loops. LLVM looks for what guards a loop in the blocks
  /// above it, so that loops in a row are quadratic: at this limit they are a second or two.
  static let giantFunctionLoops = 1_000_000
  /// No tree of fewer blocks is that deep.
  private static let leastBlocksForDepth = 1000

  /// The functions with a body that each unit defines, ascending. Unit 0 defines the data as well.
  var units: [[FunctionID]] { codegenUnits.units }
  var instructionCounts: SecondaryMap<FunctionID, Int> { sizes.instructionCounts }
  var module: IR.Module { facts.module }
  var options: BackendOptions { facts.options }

  init(module: IR.Module, options: BackendOptions) throws(BackendError) {
    var sizes = FunctionSizes()
    let usage = ModuleUsage(module, options.entry, &sizes)
    var isGiant = SecondaryMap<FunctionID, Bool>(default: false)
    for id in module.bodies.defined where options.level != .O0 {
      isGiant[id] =
        sizes.instructionCounts[id] > Self.giantFunctionSize || sizes.works[id] > Self.giantFunctionWork
        // Each block has an instruction; few bodies are looked at.
        || sizes.instructionCounts[id] > Self.leastBlocksForDepth
          && Self.depthOfLoops(module.bodies[id]!) > Self.giantFunctionLoops
    }
    self.sizes = sizes
    profile = ProfilePlan(module, options)
    facts = CodegenFacts(
      module, options, try InstructionSet(cpu: options.cpu, target: options.target), usage, isGiant, profile)
    codegenUnits = CodegenUnits(module, usage, sizes, options, profile) { isGiant[$0] }
  }

  private static func depthOfLoops(_ body: Function) -> Int {
    guard body.blockOrder.count > leastBlocksForDepth else { return 0 }
    let graph = ControlFlowGraph(body)
    let dominators = Dominators(body, graph)
    return graph.reversePostorder.reduce(0) { sum, block in
      let isHeader = graph.predecessors(of: block).contains { dominators.dominates(block, $0.from) }
      return isHeader ? sum + dominators.depth(of: block) : sum
    }
  }

  func isGiant(_ id: FunctionID) -> Bool { facts.isGiant[id] }

  /// How much of the module the profile knows, if there is one.
  var matchedProfile: MatchedProfile? { profile.matched }

  /// Functions of other units that this one has as well, to be inlined.
  func imports(ofUnit index: Int) -> [FunctionID] {
    codegenUnits.imports.isEmpty ? [] : codegenUnits.imports[index]
  }

  /// Nothing outside of the function's unit refers to it.
  func isLocal(_ id: FunctionID) -> Bool { units.count == 1 || codegenUnits.isLocal[id] }

  func unit(_ index: Int) -> UnitPlan {
    let functions = units[index]
    let isGiant = !functions.isEmpty && functions.allSatisfy { self.isGiant($0) }
    return UnitPlan(
      functions: functions, imports: imports(ofUnit: index), localFunctions: Set(functions.filter(isLocal)),
      definesData: index == 0, isLast: index == units.count - 1, isOnly: units.count == 1,
      level: isGiant ? .O0 : options.level,
      profiles: (functions + imports(ofUnit: index)).map { profile.action(for: $0) })
  }
}

/// What lowering may ask of more than the unit that it is in, besides the bodies. All of it is in the key of each unit
/// (`UnitKey.swift`): structures and arrays of plain values, no classes or closures, whose text is less than they are.
struct CodegenFacts: Sendable {
  /// Without its bodies (`PendingBodies`).
  var module: IR.Module
  var options: BackendOptions
  let instructionSet: InstructionSet
  let usage: ModuleUsage
  /// Functions that are too large, or too much work, for LLVM's passes.
  let isGiant: SecondaryMap<FunctionID, Bool>
  /// From 1, position in `describedFunctions` of each function that references lead to; 0 for the others.
  private(set) var descriptors = SecondaryMap<FunctionID, UInt32>(default: 0)
  /// What `wasmaot_funcs` of the static model has from position 1, and `wasmaot_code.described` of the embedded one.
  let describedFunctions: [FunctionID]
  /// Of the embedded model's instances.
  let layout: InstanceLayout
  let counters: CounterPlan?
  /// Of the program's profile, if there is one.
  let profileSummary: ProfileSummary?

  init(
    _ module: IR.Module, _ options: BackendOptions, _ instructionSet: InstructionSet, _ usage: ModuleUsage,
    _ isGiant: SecondaryMap<FunctionID, Bool>, _ profile: ProfilePlan
  ) {
    self.module = module
    self.module.bodies = Bodies()
    self.options = options
    self.options.profile = nil
    counters = profile.counters
    profileSummary = profile.matched?.summary
    self.instructionSet = instructionSet
    self.usage = usage
    self.isGiant = isGiant
    describedFunctions = module.functions.ids.filter { usage.isReferenced[$0] }
    layout = InstanceLayout(module, usage, referenceCount: describedFunctions.count)
    for (position, id) in describedFunctions.enumerated() { descriptors[id] = UInt32(position + 1) }
  }

  /// Whether functions follow a convention with guaranteed tail calls, which costs registers and stack, rather
  /// than `fastcc`.
  var usesTailCalls: Bool { usage.usesTailCalls }

  func checksBounds(of memory: MemoryID) -> Bool {
    options.boundsChecks.areExplicit(for: module.memories[memory])
  }

  var checksAllBounds: Bool { module.memories.ids.allSatisfy { checksBounds(of: $0) } }
}

/// What is one unit's own. All of it is in its key (`UnitKey.swift`).
struct UnitPlan: Sendable {
  /// Ascending.
  let functions: [FunctionID]
  /// Functions of other units that this one has as well, to be inlined.
  let imports: [FunctionID]
  /// Those of its functions that nothing outside of it refers to.
  let localFunctions: Set<FunctionID>
  let definesData: Bool
  let isLast: Bool
  /// There is no other unit.
  let isOnly: Bool
  /// That the unit is compiled at.
  let level: OptimizationLevel
  /// Of its functions, then of those that it imports.
  let profiles: [FunctionProfile]
}
