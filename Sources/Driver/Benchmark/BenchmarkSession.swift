import BenchReport
import SystemPackage

/// One benchmark while it runs: what was measured so far.
struct BenchmarkSession {
  let plan: ModuleBenchmark.Plan
  let folder: BenchmarkFolder
  let engines: [BenchmarkEngine]
  /// In reports.
  let moduleName: String
  let observe: (String) -> Void

  /// A program of wasmaot's that did not end well.
  struct Failure {
    var engine: String
    var status: Int32
    var errors: String
  }

  /// What was found about one engine.
  struct Record {
    var compile: [Double] = []
    var compileMemory: UInt64?
    var size: Int?
    var start: [Double] = []
    var run: [Double] = []
    var memory: UInt64?
    /// Why nothing more is measured.
    var failure: String?
    /// Why memory is not known.
    var memoryProblem: String?
    var compileMemoryProblem: String?
    var startProblem: String?
  }
  private(set) var records: [Record]
  /// What the user must hear of, although there is a report.
  private(set) var problems: [Problem] = []

  init(
    plan: ModuleBenchmark.Plan, folder: BenchmarkFolder, engines: [BenchmarkEngine], moduleName: String,
    observe: @escaping (String) -> Void
  ) {
    self.plan = plan
    self.folder = folder
    self.engines = engines
    self.moduleName = moduleName
    self.observe = observe
    records = engines.map { engine in
      var record = Record()
      record.failure = engine.refusal
      return record
    }
  }

  /// How often something is repeated: up to `most` times, but no more than `least` once `seconds` are over.
  private struct Repetition {
    var least: Int
    var most: Int
    var seconds: Double

    func isDone(_ samples: [Double]) -> Bool {
      samples.count >= most || (samples.count >= least && samples.reduce(0, +) >= seconds)
    }
  }

  private static let compiling = Repetition(least: 1, most: 5, seconds: 5)
  private static let starting = Repetition(least: 5, most: 50, seconds: 2)
  private var running: Repetition {
    plan.runs.map { Repetition(least: $0, most: $0, seconds: 0) }
      ?? Repetition(least: 3, most: 10, seconds: 15)
  }

  // MARK: - Files

  private func prepared(_ index: Int) -> String { folder.file("\(index)/program").string }
  private func preparedForStart(_ index: Int) -> String { folder.file("\(index)/start").string }
  private static let errors = "errors"
  /// What a compiler says that says it on standard output.
  private static let messages = "messages"

  private func process(
    _ arguments: [String], output: String? = nil, takesInput: Bool = false
  ) throws(Problem) -> MeasuredProcess {
    // Before each run: the last one may have made another directory of what is granted, with a link.
    try folder.checkOutside(of: plan.options.grants)
    return MeasuredProcess(
      arguments: arguments, input: takesInput ? plan.input : nil, output: output.map { folder.file($0) },
      errors: folder.file(Self.errors))
  }

  /// The command line that runs a module, or what was made of it.
  private func command(_ index: Int, module: String) -> [String] {
    engines[index].run(engines[index].prepare == nil ? module : prepared(index))
  }

  private var usable: [Int] { engines.indices.filter { records[$0].failure == nil } }

  // MARK: - Steps

  /// - Returns: how a program of wasmaot's ended, if it did not end with status 0.
  mutating func measure(module: String, start: String?) throws(Problem) -> Failure? {
    for index in engines.indices { try folder.makeFolder("\(index)") }
    if let failure = try compile(module) { return failure }
    if let failure = try compareOutput(module) { return failure }
    if let start { try measureStart(start) }
    try measureRuns(module)
    try measureMemory(module)
    return nil
  }

  private mutating func compile(_ module: String) throws(Problem) -> Failure? {
    var open = usable.filter { engines[$0].prepare != nil }
    while !open.isEmpty {
      for index in open {
        let count = records[index].compile.count
        observe("\(engines[index].name): compiling" + (count == 0 ? "" : ", time \(count + 1)"))
        let run = try process(engines[index].prepare!(module, prepared(index)), output: Self.messages).run()
        if run.status != 0 {
          if let failure = fail(index, run.status, output: Self.messages) { return failure }
        } else {
          records[index].compile.append(run.seconds)
        }
      }
      open.removeAll { records[$0].failure != nil || Self.compiling.isDone(records[$0].compile) }
    }
    for index in usable where engines[index].prepare != nil {
      records[index].size = folder.size(of: "\(index)/program")
      observe("\(engines[index].name): memory of the compiler")
      switch try process(engines[index].prepare!(module, folder.file("\(index)/again").string)).peakMemory() {
      case .peak(let bytes): records[index].compileMemory = bytes
      case .unknown(let reason): records[index].compileMemoryProblem = reason
      }
    }
    return nil
  }

  /// The first run of each, which also warms up. Outputs are compared with that of the first engine.
  private mutating func compareOutput(_ module: String) throws(Problem) -> Failure? {
    var reference: Int?
    for index in usable {
      observe("\(engines[index].name): first run")
      let name = "output-\(index)"
      let run = try process(command(index, module: module), output: name, takesInput: true).run()
      if run.status != 0 {
        if let failure = fail(index, run.status, output: name) { return failure }
        continue
      }
      guard plan.comparesOutput else { continue }
      guard let reference else {
        reference = index
        continue
      }
      if let place = try folder.difference("output-\(reference)", name) {
        // Two outputs of one engine tell whose fault it is.
        _ = try process(command(reference, module: module), output: "again", takesInput: true).run()
        if try folder.difference("output-\(reference)", "again") != nil {
          throw Problem(
            "the output of \(visible(module)) is another in every run, so that it can't be compared",
            help: "if that is as it should be (it prints times, or random numbers), give --ignore-output")
        }
        records[index].failure =
          "the output differs from that of \(engines[reference].name), from byte \(place) on"
        problems.append(
          Problem(
            "the output of \(engines[index].name) differs from that of \(engines[reference].name), from byte \(place) on"
          ))
      }
    }
    return nil
  }

  /// What `run` takes from start to end where nothing is computed.
  private mutating func measureStart(_ module: String) throws(Problem) {
    var open: [Int] = []
    for index in usable {
      if let prepare = engines[index].prepare {
        observe("\(engines[index].name): compiling, to measure its start")
        let run = try process(prepare(module, preparedForStart(index))).run()
        if run.status != 0 { records[index].startProblem = "it can't be compiled without its work" }
      }
      if records[index].startProblem == nil { open.append(index) }
    }
    func command(_ index: Int) -> [String] {
      engines[index].run(engines[index].prepare == nil ? module : preparedForStart(index))
    }
    for index in open { _ = try process(command(index)).run() }
    while !open.isEmpty {
      for index in open {
        observe("start-up: \(engines[index].name)")
        let run = try process(command(index)).run()
        if run.status == 0 {
          records[index].start.append(run.seconds)
        } else {
          records[index].startProblem = "without its work it ends with status \(run.status)"
        }
      }
      open.removeAll { records[$0].startProblem != nil || Self.starting.isDone(records[$0].start) }
    }
  }

  private mutating func measureRuns(_ module: String) throws(Problem) {
    for round in 0..<plan.warmups {
      for index in usable {
        observe("\(engines[index].name): warming up, \(round + 1) of \(plan.warmups)")
        _ = try process(command(index, module: module), takesInput: true).run()
      }
    }
    var open = usable
    while !open.isEmpty {
      for index in open {
        observe("\(engines[index].name): run \(records[index].run.count + 1) of \(running.most)")
        let run = try process(command(index, module: module), takesInput: true).run()
        guard run.status == 0 else {
          let problem =
            "it ended with status \(run.status) in run \(records[index].run.count + 1), and with 0 before"
          records[index].failure = problem
          records[index].run = []
          problems.append(Problem("\(engines[index].name): \(problem)"))
          continue
        }
        records[index].run.append(run.seconds)
      }
      open.removeAll { records[$0].failure != nil || running.isDone(records[$0].run) }
    }
  }

  private mutating func measureMemory(_ module: String) throws(Problem) {
    for index in usable {
      observe("\(engines[index].name): memory")
      switch try process(command(index, module: module), takesInput: true).peakMemory() {
      case .peak(let bytes): records[index].memory = bytes
      case .unknown(let reason): records[index].memoryProblem = reason
      }
    }
  }

  /// Of wasmaot's own programs a failure is the benchmark's end.
  private mutating func fail(_ index: Int, _ status: Int32, output: String) -> Failure? {
    let errors = folder.text(of: Self.errors, limit: 1 << 16)
    if engines[index].isOwn { return Failure(engine: engines[index].name, status: status, errors: errors) }
    let lines = (errors + "\n" + folder.text(of: output, limit: 1 << 12)).split(separator: "\n")
    let line = lines.first { !$0.allSatisfy(\.isWhitespace) }
    records[index].failure =
      "it ends with status \(status)" + (line.map { ": \(visible(String($0), limit: 150))" } ?? "")
    return nil
  }
}
