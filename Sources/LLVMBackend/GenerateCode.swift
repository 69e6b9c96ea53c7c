internal import CLLVM
public import IR
import Support

/// Compiles a module of the IR: optimises it with LLVM and emits one or more units.
///
/// The bytes depend on the module and the options other than `jobs` only.
public func generateCode(
  for module: IR.Module, options: BackendOptions
) throws(BackendError) -> CodegenResult {
  initializeLLVM()
  let plan = try CodegenPlan(module: module, options: options)
  // LLVM recurses on the input: on expression trees, on loop nests, on the dominator tree.
  let units = try parallelMap(count: plan.units.count, jobs: options.jobs, stackSize: 256 << 20) {
    index throws(BackendError) in
    try compileUnit(plan, index)
  }
  let giants = module.bodies.ids.filter { plan.isGiant($0) }
  return CodegenResult(
    units: units, requiredFeatures: plan.instructionSet.features,
    giantFunctions: giants.map { ($0, plan.instructionCounts[$0]) })
}

/// An object that defines the hidden symbol `symbol` as read-only data, in a section of its own if one is named.
public func dataObject(
  symbol: String, bytes: [UInt8], section: String? = nil, alignment: UInt32 = 16, options: BackendOptions
) throws(BackendError) -> [UInt8] {
  initializeLLVM()
  let instructionSet = try InstructionSet(cpu: options.cpu, target: options.target)
  let unit = Unit(name: symbol, options: options, instructionSet: instructionSet)
  unit.addGlobal(
    symbol, unit.bytes(bytes), isConstant: true, linkage: LLVMExternalLinkage, alignment: alignment,
    section: section)
  let machine = try TargetMachine(options, instructionSet)
  return try machine.emit(unit, .object)
}

private func compileUnit(_ plan: CodegenPlan, _ index: Int) throws(BackendError) -> UnitOutput {
  let clock = ContinuousClock()
  let started = clock.now
  var options = plan.options
  options.level = plan.level(ofUnit: index)
  let machine = try TargetMachine(options, plan.instructionSet)
  let unit = ModuleUnit(plan: plan, index: index)
  machine.prepare(unit.base)
  unit.model.beginUnit()

  let functions = plan.units[index]
  for id in functions {
    guard let body = plan.module.bodies[id] else { continue }
    let function = unit.function(id).function
    let isOptimized = plan.options.level != .O0 && !plan.isGiant(id)
    if plan.isGiant(id), options.level != .O0 {
      // Beside others that are optimised.
      unit.base.addAttribute("noinline", to: function)
      unit.base.addAttribute("optnone", to: function)
    }
    FunctionLowering(unit, body, into: function, isOptimized: isOptimized).lower()
  }
  unit.model.defineEntries(of: functions)
  if unit.definesData { unit.model.defineModule() }
  if plan.options.verify { try unit.base.verify("lowering") }
  let lowered = clock.now

  try machine.optimize(unit.base)
  unit.model.finishUnit()
  unit.checkStack()
  if plan.options.verify { try unit.base.verify("optimisation") }
  let optimized = clock.now

  let bytes = try machine.emit(unit.base, plan.options.emission)
  return UnitOutput(
    bytes: bytes, functionCount: functions.count,
    instructionCount: functions.reduce(0) { $0 + plan.instructionCounts[$1] },
    lowering: (lowered - started).seconds, optimization: (optimized - lowered).seconds,
    emission: (clock.now - optimized).seconds)
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
