internal import CLLVM
import IR
import Support

// What units are found by in the cache: first by what goes into their lowering, which a build has in its hands when the IR
// is done, then by what comes out of it (docs/decisions/0144).

extension CodegenFacts {
  /// Names everything that is in here, but for what the output does not depend on. It is Swift's own text of all stored
  /// properties, so that one which is added later is part of it.
  func key(in cache: any UnitCache) -> String {
    var facts = self
    facts.options.jobs = 1
    facts.options.verify = false
    facts.options.unitCache = nil
    // The module has a text of its own; of bytes there are too many for one.
    var bytes: [UInt8] = []
    func move(_ data: inout [UInt8]) {
      withUnsafeBytes(of: UInt64(data.count)) { bytes += $0 }
      bytes += data
      data = []
    }
    for id in facts.module.memories.ids {
      for index in facts.module.memories[id].image.indices {
        move(&facts.module.memories[id].image[index].bytes)
      }
    }
    for id in facts.module.dataSegments.ids { move(&facts.module.dataSegments[id].bytes) }
    return bytes.withUnsafeBytes { cache.key(of: $0, settings: "\(facts)") }
  }
}

extension UnitPlan {
  /// Names what will be made of a unit by what goes into its lowering: the facts, its functions, and its part of the plan.
  func key(in cache: any UnitCache, facts: String, _ bodies: [PackedFunction]) -> String {
    func text(_ functions: some Sequence<FunctionID>) -> String {
      functions.map { String($0.rawValue) }.joined(separator: " ")
    }
    let settings = [
      "lowering", facts, text(functions), text(imports), text(localFunctions.sorted()), "\(definesData)",
      "\(isLast)", "\(isOnly)", level.rawValue,
    ]
    var code: [UInt8] = []
    code.reserveCapacity(bodies.reduce(0) { $0 + 8 + $1.bytes.count })
    for body in bodies {
      withUnsafeBytes(of: UInt64(body.bytes.count)) { code += $0 }
      code += body.bytes
    }
    for profile in profiles {
      // (Where each counts, the facts say.)
      let counts = if case .use(let counts) = profile { counts } else { [UInt64]() }
      withUnsafeBytes(of: UInt64(counts.count)) { code += $0 }
      counts.withUnsafeBytes { code += $0 }
    }
    return code.withUnsafeBytes { cache.key(of: $0, settings: settings.joined(separator: "\n")) }
  }
}

extension ModuleUnit {
  /// Names what will be made of this unit: by its code as it is before optimisation, and by all that decides what
  /// follows besides: the target machine, what is optimised, and what `finishUnit` and `checkStack` add.
  func key(in cache: any UnitCache) -> String {
    let options = facts.options
    let settings = [
      options.target.triple, "\(base.instructionSet)",
      plan.level.rawValue, "\(options.emission)", options.boundsChecks.rawValue,
      definesData ? "first" : "", isLast ? "last" : "", module.isThreaded ? "threads" : "",
      options.entry.isEmbedded ? "embedded \(model.symbolPrefix)" : "static",
    ]
    let code = LLVMWriteBitcodeToMemoryBuffer(base.llvm)
    defer { LLVMDisposeMemoryBuffer(code) }
    let bytes = UnsafeRawBufferPointer(start: LLVMGetBufferStart(code), count: LLVMGetBufferSize(code))
    return cache.key(of: bytes, settings: settings.joined(separator: "\n"))
  }
}
