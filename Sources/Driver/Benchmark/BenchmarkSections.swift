import BenchReport
import LLVMBackend

// What a benchmark found, as sections of a report: one row, the engines as columns.

extension BenchmarkSession {
  func sections(moduleSize: Int) -> [Section] {
    var sections = [
      section(
        "compile", "Compile time", unit: "s",
        note: """
          From the start of the compiler to its end, without a cache, with all processors. Up to five builds, in turn; \
          fewer where they take long.
          """, among: compiled
      ) { $0.compile.isEmpty ? nil : Measurement(samples: $0.compile) },
      section(
        "compile-memory", "Compiler memory", unit: "bytes", note: "The most that the compiler had resident.",
        among: compiled, missing: { $0.failure ?? $0.compileMemoryProblem }
      ) { $0.compileMemory.map { Measurement(Double($0)) } },
      section(
        "size", "Size", unit: "bytes",
        note: "Of the file that is run. The module has \(moduleSize) bytes.", among: compiled
      ) { $0.size.map { Measurement(Double($0)) } },
    ]
    if plan.measuresStart {
      sections.append(
        section(
          "start", "Start-up", unit: "s",
          note: """
            From spawn to exit of the same module, changed so that its entry returns at once: all of the module is loaded, \
            instantiated and dropped. Up to 50 runs of each, in turn.
            """, missing: { $0.failure ?? $0.startProblem }
        ) { $0.start.isEmpty ? nil : Measurement(samples: $0.start) })
    }
    sections += [
      section(
        "run", "Run time", unit: "s",
        note: """
          From spawn to exit, start-up included. All take turns, so that what else the machine does falls on all alike; \
          the first \(plan.warmups + 1) of each are not counted.\(codeNote)
          """
      ) { $0.run.isEmpty ? nil : Measurement(samples: $0.run) },
      section(
        "memory", "Peak memory", unit: "bytes",
        note: "The most that a process had resident in a run of its own, linear memory and code included.",
        missing: { $0.failure ?? $0.memoryProblem }
      ) { $0.memory.map { Measurement(Double($0)) } },
    ]
    // Without any value a section says nothing.
    return sections.filter { !$0.rows[0].values.isEmpty }
  }

  /// Ratios say something about engines only if the code is for one CPU.
  private var codeNote: String {
    let others = engines.filter { $0.usesHostCPU && $0.refusal == nil }.map(\.name)
    guard plan.options.cpu != "native", !others.isEmpty else { return "" }
    let cpu = plan.options.cpu == "baseline" ? "any CPU with x86-64-v2" : plan.options.cpu
    return
      " wasmaot's code is for \(cpu) (--cpu), that of \(others.joined(separator: ", ")) for this machine's."
  }

  private var compiled: [Int] { engines.indices.filter { engines[$0].prepare != nil } }

  /// What the others are compared with: the default level, if it takes part, else the first.
  private var baseline: String {
    let standard = "wasmaot -\(BuildOptions().optimization.rawValue)"
    return engines.contains { $0.name == standard } ? standard : engines[0].name
  }

  private func section(
    _ name: String, _ title: String, unit: String, note: String, among indices: [Int]? = nil,
    missing: (Record) -> String? = { $0.failure }, value: (Record) -> Measurement?
  ) -> Section {
    var row = Section.Row(name: moduleName)
    var reasons: [String: String] = [:]
    let indices = indices ?? Array(engines.indices)
    for index in indices {
      let column = engines[index].name
      if let value = value(records[index]) {
        row.values[column] = value
      } else {
        reasons[column] = missing(records[index]) ?? "not measured"
      }
    }
    row.missing = reasons.isEmpty ? nil : reasons
    let columns = indices.map { engines[$0].name }
    var section = Section(name: name, title: title, unit: unit, columns: columns)
    section.baseline = columns.contains(baseline) ? baseline : nil
    section.note = note
    section.rows = [row]
    return section
  }
}
