import IR
import Support

/// What all units agree on before the first is lowered; depends on the module and the options only.
struct CodegenPlan: Sendable {
  let module: IR.Module
  let options: BackendOptions
  let instructionSet: InstructionSet
  /// The functions with a body that each unit defines, ascending. Unit 0 defines the data as well.
  var units: [[FunctionID]]
  /// IR instructions of each function.
  var instructionCounts: SecondaryMap<FunctionID, Int>
  /// The work of each function, as `giantFunctionWork` counts it.
  var works: SecondaryMap<FunctionID, Int>
  /// Position in `wasmaot_funcs` of each function whose reference is taken; 0 for the others.
  var descriptors: SecondaryMap<FunctionID, UInt32>
  /// The functions of `wasmaot_funcs`, from position 1.
  var describedFunctions: [FunctionID]
  /// Memories with a memory.grow.
  var grownMemories: Set<MemoryID> = []
  /// Whether functions follow `tailcc`, which costs registers and stack, rather than `fastcc`.
  var usesTailCalls: Bool

  /// A unit is not split below this many IR instructions: LLVM inlines within a unit only.
  static let unitSize = 60_000
  /// LLVM's passes are not linear: a function above either of these is compiled without optimisation rather
  /// than letting it take most of the build.
  static let giantFunctionSize = 80_000
  /// Blocks times instructions and values passed along edges (twice: phis cost in the register allocator as
  /// well). Measured on functions of Go, whose resumable bodies are loops around one branch table with thousands
  /// of targets: a tenth of a second of LLVM for each million, and quadratic, so this is about half a minute.
  /// CPython's and Lua's interpreter loops are at less than a third of it.
  static let giantFunctionWork = 300_000_000
  /// What comparisons with the tags of exceptions add to the work: this times their number squared. Jump threading takes
  /// cubic time over chains of them (2,000 clauses: 4 s, 4,000: 30 s).
  private static let tagTestWork = 1_000

  var isSingleUnit: Bool { units.count == 1 }

  init(module: IR.Module, options: BackendOptions) throws(BackendError) {
    self.module = module
    self.options = options
    instructionSet = try InstructionSet(cpu: options.cpu, target: options.target)
    var counts = SecondaryMap<FunctionID, Int>(default: 0)
    works = SecondaryMap(default: 0)
    var referenced = SecondaryMap<FunctionID, Bool>(default: false)
    var usesTailCalls = false
    for id in module.bodies.ids {
      guard let body = module.bodies[id] else { continue }
      var count = 0
      var passedValues = 0
      var tagTests = 0
      for block in body.blockOrder {
        count += body.blockInsts[block].count
        if let terminator = body.blockInsts[block].last {
          body.forEachBlockCall(of: terminator) {
            passedValues += body.valueLists.count(body.blockCalls[$0].arguments)
          }
        }
        for inst in body.blockInsts[block] {
          switch body.insts[inst].opcode {
          case .refFunc: referenced[FunctionID(rawValue: body.insts[inst].c)] = true
          case .returnCall, .returnCallIndirect: usesTailCalls = true
          case .exceptionIs: tagTests += 1
          case .memoryGrow: grownMemories.insert(MemoryID(rawValue: body.insts[inst].c))
          default: break
          }
        }
      }
      counts[id] = count
      works[id] =
        body.blockOrder.count * (count + 2 * passedValues) + Self.tagTestWork * tagTests * tagTests
    }
    for table in module.tables.values { for f in table.initial where !f.isNone { referenced[f] = true } }
    for segment in module.elementSegments.values {
      for f in segment.items where !f.isNone { referenced[f] = true }
    }
    for global in module.globals.values {
      if case .function(let f) = global.initial { referenced[f] = true }
    }
    self.usesTailCalls = usesTailCalls
    instructionCounts = counts
    descriptors = SecondaryMap(default: 0)
    describedFunctions = module.functions.ids.filter { referenced[$0] }
    for (position, id) in describedFunctions.enumerated() { descriptors[id] = UInt32(position + 1) }
    units =
      options.isOneUnit ? [module.bodies.ids.filter { module.bodies[$0] != nil }] : Self.split(module, counts)
  }

  /// Neighbours stay together: they come from one source file, most of the time.
  private static func split(
    _ module: IR.Module, _ counts: SecondaryMap<FunctionID, Int>
  ) -> [[FunctionID]] {
    let defined = module.bodies.ids.filter { module.bodies[$0] != nil }
    let total = defined.reduce(0) { $0 + counts[$1] }
    let unitCount = max(1, (total + unitSize - 1) / unitSize)
    let share = (total + unitCount - 1) / unitCount
    var units: [[FunctionID]] = [[]]
    var size = 0
    for id in defined {
      // Whichever side of the boundary comes closer to an equal share.
      if size > 0, size + counts[id] / 2 > share, units.count < unitCount {
        units.append([])
        size = 0
      }
      units[units.count - 1].append(id)
      size += counts[id]
    }
    return units
  }

  /// The reservation catches every access with a 32-bit index, but only at the granularity of the hardware's
  /// pages.
  func checksBounds(of memory: MemoryID) -> Bool {
    options.boundsChecks == .explicit || module.memories[memory].isMemory64
      || module.memories[memory].pageSizeLog2 < 12
  }

  func isGiant(_ id: FunctionID) -> Bool {
    options.level != .O0
      && (instructionCounts[id] > Self.giantFunctionSize || works[id] > Self.giantFunctionWork)
  }
}
