internal import CLLVM
public import IR
import Support

/// Compiles a module of the IR: optimises it with LLVM and emits one or more units.
///
/// The bytes depend on the module and the options other than `jobs` only.
public func generateCode(
  for module: IR.Module, options: BackendOptions
) throws(BackendError) -> CodegenResult {
  var module = module
  return try generateCode(taking: &module, options: options)
}

/// The same, and leaves the module without its bodies, which go one by one: of a large module they are most of the
/// memory that a build takes.
public func generateCode(
  taking module: inout IR.Module, options: BackendOptions
) throws(BackendError) -> CodegenResult {
  try initializeLLVM()
  let plan = try CodegenPlan(module: module, options: options)
  let bodies = PendingBodies(taking: &module.bodies, plan)
  let factsKey = options.unitCache.map { plan.facts.key(in: $0) }
  let count = plan.units.count
  // LLVM recurses on the input: on expression trees, on loop nests, on the dominator tree.
  var units = try parallelMap(count: count, jobs: options.jobs, stackSize: 256 << 20) {
    index throws(BackendError) in
    // Unit 0 comes last: its data is large where the module is, and the bodies are gone by then.
    try compileUnit(plan, (index + 1) % count, bodies, factsKey)
  }
  units.insert(units.removeLast(), at: 0)
  let giants = plan.module.functions.ids.filter { plan.isGiant($0) }
  return CodegenResult(
    units: units, requiredFeatures: plan.facts.instructionSet.features,
    giantFunctions: giants.map { ($0, plan.instructionCounts[$0]) },
    profiled: plan.matchedProfile.map { ($0.functionCount, $0.unknownCount) })
}

/// An object that defines the hidden symbol `symbol` as read-only data, in a section of its own if one is named.
public func dataObject(
  symbol: String, bytes: [UInt8], section: String? = nil, alignment: UInt32 = 16, options: BackendOptions
) throws(BackendError) -> [UInt8] {
  try initializeLLVM()
  let instructionSet = try InstructionSet(cpu: options.cpu, target: options.target)
  let unit = Unit(name: symbol, options: options, instructionSet: instructionSet)
  unit.addGlobal(
    symbol, unit.bytes(bytes), isConstant: true, linkage: LLVMExternalLinkage, alignment: alignment,
    section: section)
  let machine = try TargetMachine(options, instructionSet)
  return try machine.emit(unit, .object)
}

private func compileUnit(
  _ plan: CodegenPlan, _ index: Int, _ pending: PendingBodies, _ factsKey: String?
) throws(BackendError) -> UnitOutput {
  let clock = ContinuousClock()
  let started = clock.now
  let unitPlan = plan.unit(index)
  let (functions, imports) = (unitPlan.functions, unitPlan.imports)
  func result(_ bytes: [UInt8]) -> UnitOutput {
    UnitOutput(
      bytes: bytes, functionCount: functions.count,
      largestFunction: functions.max { plan.instructionCounts[$0] < plan.instructionCounts[$1] },
      instructionCount: functions.reduce(0) { $0 + plan.instructionCounts[$1] },
      seconds: (clock.now - started).seconds)
  }
  var bodies = (functions + imports).map { pending.take($0)! }
  let cache = plan.options.unitCache
  // The first key says what goes into the lowering, the second one what came out.
  var keys: [String] = []
  func known() -> UnitOutput? {
    guard let object = cache?.object(for: keys[keys.count - 1]) else { return nil }
    var output = result(object)
    output.isFromCache = true
    return output
  }
  if let cache, let factsKey {
    keys.append(unitPlan.key(in: cache, facts: factsKey, bodies))
    if let output = known() { return output }
  }

  var options = plan.options
  options.level = unitPlan.level
  let machine = try TargetMachine(options, plan.facts.instructionSet)
  let unit = ModuleUnit(plan.facts, unitPlan)
  machine.prepare(unit.base)
  unit.model.beginUnit()
  if let summary = plan.facts.profileSummary { unit.base.setSummary(summary) }
  var profiles = unitPlan.profiles[...]
  bodies.reverse()
  for id in functions {
    let body = bodies.removeLast().unpacked()
    let function = unit.function(id).function
    let isOptimized = plan.options.level != .O0 && !plan.isGiant(id)
    if plan.isGiant(id), options.level != .O0 {
      // Beside others that are optimised.
      unit.base.addAttribute("noinline", to: function)
      unit.base.addAttribute("optnone", to: function)
    }
    FunctionLowering(
      unit, body, into: function, isOptimized: isOptimized, profile: profiles.removeFirst()
    ).lower()
  }
  for id in imports {
    let body = bodies.removeLast().unpacked()
    let function = unit.function(id).function
    // Gone after optimisation: the other unit has it.
    LLVMSetLinkage(function, LLVMAvailableExternallyLinkage)
    FunctionLowering(unit, body, into: function, isOptimized: true, profile: profiles.removeFirst()).lower()
  }
  unit.model.defineEntries(of: functions)
  if unit.definesData { unit.model.defineModule() }
  if plan.options.verify { try unit.base.verify("lowering") }
  if let cache {
    keys.append(unit.key(in: cache))
    if let output = known() {
      cache.link(keys[0], to: keys[1], of: output.bytes)
      return output
    }
  }

  try machine.optimize(unit.base)
  unit.model.finishUnit()
  unit.checkStack()
  if plan.options.verify { try unit.base.verify("optimisation") }

  let output = result(try machine.emit(unit.base, plan.options.emission))
  cache?.store(output.bytes, for: keys.reversed())
  return output
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
