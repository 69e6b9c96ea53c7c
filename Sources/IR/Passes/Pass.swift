import Support

// The list of passes, and the pipeline made of them.

/// Every pass, by the name that filetests and `--timings` use. A pass has a file of its own.
public enum Pass: String, CaseIterable, Sendable {
  case removeUnreachableBlocks = "unreachable"
  case removeTrivialParams = "params"
  case foldConstants = "fold"
  case eliminateDeadCode = "dce"
  case replaceConstants = "constants"
  case devirtualize
  case removeDeadEntities = "dead"
  case markImmutable = "immutable"
  case findThrows = "throws"
  case findNoReturns = "returns"
  case callTargets = "targets"
  case rerollLoops = "reroll"
  case widenComparisons = "compare"
  case foldOffsets = "offsets"
  case mergeFuel = "fuel"
  case anchorTraps = "anchor"

  public enum Level: Sendable {
    /// Changes one body and reads the module's declarations: bodies go through it in parallel.
    case function
    case module
  }

  public var level: Level {
    switch self {
    case .removeDeadEntities, .markImmutable, .findThrows, .findNoReturns: .module
    default: .function
    }
  }

  /// What it does, in a line.
  public var doc: String {
    switch self {
    case .removeUnreachableBlocks: "remove blocks that the entry does not reach"
    case .removeTrivialParams: "replace block parameters that only ever get one value by that value"
    case .foldConstants: "evaluate operators and branches on constants"
    case .eliminateDeadCode: "remove instructions without effect, and block parameters, that nothing uses"
    case .replaceConstants: "read immutable globals and sizes that never change at compile time"
    case .devirtualize: "turn indirect calls through read-only tables into direct ones"
    case .removeDeadEntities: "remove functions, globals, tables and segments that the roots do not reach"
    case .markImmutable: "find globals that nothing writes and tables that nothing changes"
    case .findThrows: "find calls that can't throw, and drop the tests behind them"
    case .findNoReturns: "find functions that never return, and drop what is behind calls of them"
    case .callTargets: "compare and call directly where an indirect call can only come to a few functions"
    case .rerollLoops: "make loops of what unrolled them, for LLVM to vectorise"
    case .widenComparisons: "compare eight bytes at a time where a loop looks for a difference"
    case .foldOffsets: "make offsets of accesses of what is added to their addresses without wrapping"
    case .mergeFuel: "join charges of fuel that nothing can tell apart, and drop repeated checks"
    case .anchorTraps: "give loads uses that LLVM can't lose"
    }
  }

  /// What `optimize` runs at each level: 0 only drops what is not reached and tests of exceptions that never are, everything else does all.
  /// What makes code longer is left out where it should be small.
  public static func pipeline(level: Int, isForSize: Bool = false) -> [Pass] {
    if level <= 0 { return [.removeDeadEntities, .findThrows] }
    let passes: [Pass] = [
      .removeDeadEntities, .markImmutable,
      .replaceConstants, .removeUnreachableBlocks, .removeTrivialParams, .foldConstants, .devirtualize,
      .findThrows, .findNoReturns,
      .callTargets, .removeTrivialParams, .rerollLoops, .widenComparisons, .foldOffsets, .eliminateDeadCode,
      .mergeFuel,
      .anchorTraps, .removeDeadEntities,
    ]
    return isForSize ? passes.filter { $0 != .callTargets && $0 != .widenComparisons } : passes
  }

  fileprivate func run(on function: inout Function, in module: Module, _ targets: IndirectTargets) {
    switch self {
    case .removeUnreachableBlocks: function.removeUnreachableBlocks()
    case .removeTrivialParams: function.removeTrivialParams()
    case .foldConstants: function.foldConstants()
    case .eliminateDeadCode: function.eliminateDeadCode()
    case .replaceConstants: function.replaceConstants(in: module)
    case .devirtualize: function.devirtualize(in: module, targets)
    case .callTargets: function.callTargets(in: module, targets)
    case .rerollLoops: function.rerollLoops(in: module)
    case .widenComparisons: function.widenComparisons(in: module)
    case .foldOffsets: function.foldOffsets()
    case .mergeFuel: function.mergeFuel()
    case .anchorTraps: function.anchorTraps()
    case .removeDeadEntities, .markImmutable, .findThrows, .findNoReturns:
      preconditionFailure("\(self) is for modules")
    }
  }

  fileprivate func run(on module: inout Module, options: PassOptions) {
    switch self {
    case .removeDeadEntities: module.removeDeadEntities(roots: options.roots, jobs: options.jobs)
    case .markImmutable: module.markImmutable(jobs: options.jobs)
    case .findThrows: module.findThrows(jobs: options.jobs)
    case .findNoReturns: module.findNoReturns(jobs: options.jobs)
    default: preconditionFailure("\(self) is for functions")
    }
  }
}

public struct PassOptions: Sendable {
  /// Functions that stay, besides the exports and the start function.
  public var roots: [FunctionID] = []
  /// Run the verifier before the first pass and after each.
  public var verify: Bool
  /// 0 to 3, as in -O.
  public var level = 2
  /// -Os and -Oz.
  public var isForSize = false
  /// Threads. The result does not depend on it.
  public var jobs = 1

  public init(roots: [FunctionID] = [], level: Int = 2, jobs: Int = 1, verify: Bool = Self.verifiesByDefault)
  {
    self.roots = roots
    self.level = level
    self.jobs = jobs
    self.verify = verify
  }

  public static var verifiesByDefault: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}

/// The verifier found something: an error in the compiler, not in what it compiles.
public struct PassError: Error, Sendable, CustomStringConvertible {
  /// Nil if the module was wrong before the first pass.
  public var pass: Pass?
  public var errors: [VerifierError]
  public var description: String {
    let place = pass.map { "after pass '\($0.rawValue)'" } ?? "before the first pass"
    return "invalid IR \(place): " + errors.map(\.description).joined(separator: "; ")
  }
}

/// Time spent in each pass: of those for functions, summed over threads.
public struct PassTimes: Sendable {
  private var durations = Array(repeating: Duration.zero, count: Pass.allCases.count)
  private static let positions = Dictionary(
    uniqueKeysWithValues: Pass.allCases.enumerated().map { ($0.element, $0.offset) })

  public init() {}

  public internal(set) subscript(pass: Pass) -> Duration {
    get { durations[Self.positions[pass]!] }
    set { durations[Self.positions[pass]!] = newValue }
  }

  mutating func time<R>(_ pass: Pass, _ body: () -> R) -> R {
    let start = ContinuousClock.now
    defer { self[pass] += ContinuousClock.now - start }
    return body()
  }

  mutating func add(_ other: PassTimes) {
    for index in durations.indices { durations[index] += other.durations[index] }
  }
}

/// Runs the pipeline of `options.level`.
@discardableResult
public func optimize(_ module: inout Module, options: PassOptions) throws(PassError) -> PassTimes {
  try run(Pass.pipeline(level: options.level, isForSize: options.isForSize), on: &module, options: options)
}

/// Runs `passes` in order. Neighbouring function passes take a body through all of them at once.
@discardableResult
public func run(_ passes: [Pass], on module: inout Module, options: PassOptions) throws(PassError)
  -> PassTimes
{
  var times = PassTimes()
  if options.verify {
    let errors = verify(module)
    if !errors.isEmpty { throw PassError(pass: nil, errors: errors) }
  }
  var rest = passes[...]
  while let pass = rest.first {
    switch pass.level {
    case .module:
      rest.removeFirst()
      times.time(pass) { pass.run(on: &module, options: options) }
      if options.verify {
        let errors = verify(module)
        if !errors.isEmpty { throw PassError(pass: pass, errors: errors) }
      }
    case .function:
      let group = rest.prefix { $0.level == .function }
      rest = rest.dropFirst(group.count)
      times.add(try runFunctionPasses(Array(group), on: &module, options: options))
    }
  }
  return times
}

private func runFunctionPasses(_ passes: [Pass], on module: inout Module, options: PassOptions)
  throws(PassError) -> PassTimes
{
  let targets =
    passes.contains(.devirtualize) || passes.contains(.callTargets)
    ? IndirectTargets(module) : IndirectTargets()
  // Passes ask what the module declares, and no other body.
  var declarations = module
  declarations.bodies = Bodies()
  let results: [(times: PassTimes, error: PassError?)?] = module.bodies.changeEach(jobs: options.jobs) {
    [declarations] id, body in
    var times = PassTimes()
    for pass in passes {
      times.time(pass) { pass.run(on: &body, in: declarations, targets) }
      if !options.verify { continue }
      let errors = verify(body, in: declarations, id: id)
      if !errors.isEmpty { return (times, PassError(pass: pass, errors: errors)) }
    }
    return (times, nil)
  }
  var times = PassTimes()
  for case let result? in results {
    if let error = result.error { throw error }
    times.add(result.times)
  }
  return times
}
