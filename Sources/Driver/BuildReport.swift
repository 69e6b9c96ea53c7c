import FoundationEssentials
import Support

/// What a build did: for `--json`, `--timings` and the cache.
public struct BuildReport: Codable, Sendable {
  public struct File: Hashable, Codable, Sendable {
    public var path: String
    public var size: Int
    public var sha256: String
  }

  public struct Counts: Hashable, Codable, Sendable {
    /// Functions that the module defines, and those left after the passes.
    public var functions = 0
    public var functionsKept = 0
    public var codegenUnits = 0
    public var unitsFromCache = 0
  }

  /// A codegen unit: what LLVM has at a time.
  public struct Unit: Hashable, Codable, Sendable {
    public var functions: Int
    /// As `wasmaot inspect` and backtraces name it; nil where the unit has data only.
    public var largestFunction: String?
    /// Of the IR.
    public var instructions: Int
    public var seconds: Double
  }

  public var wasmaot = Version.wasmaot
  public var llvm: String
  public var input: File
  public var output: File
  /// Of what hosts load.
  public var header: File?
  public var options: BuildOptions
  public var features: [String]
  public var counts = Counts()
  public var stages: [StageTime] = []
  public var seconds = 0.0
  /// No function took longer than this, whichever it is in.
  public var slowestUnit: Unit?
  /// The output came out of the cache; then the times are those of the build that put it there.
  public var isFromCache = false
  /// And was not in the cache of this machine.
  public var isFromRemoteCache = false
  public var warnings: [String] = []

  public func json() -> String { jsonText(of: self) }

  /// The table that `--timings` prints.
  public func timings() -> String {
    var text = ""
    if isFromCache {
      text =
        "from the \(isFromRemoteCache ? "remote " : "")cache; the times are those of the build that put it there\n"
    }
    for time in stages {
      let share = seconds > 0 ? time.seconds / seconds * 100 : 0
      text += row(time.stage.rawValue, time.seconds, share)
    }
    return text + row("total", seconds, 100) + slowestUnitText
  }

  private var slowestUnitText: String {
    guard let unit = slowestUnit, counts.codegenUnits > 1 else { return "" }
    let milliseconds = fixed(unit.seconds * 1000, digits: 1)
    let share = fixed(seconds > 0 ? unit.seconds / seconds * 100 : 0, digits: 1)
    var text = "slowest of \(counts.codegenUnits) units: \(milliseconds) ms (\(share) %)"
    if let largest = unit.largestFunction {
      text +=
        unit.functions == 1 ? ", \(largest)" : ", \(unit.functions) functions, the largest is \(largest)"
    }
    return text + "\n"
  }

  private func row(_ name: String, _ seconds: Double, _ share: Double) -> String {
    let milliseconds = padded(fixed(seconds * 1000, digits: 1), to: 10)
    let percent = padded(fixed(share, digits: 1), to: 6)
    return name.padding(to: 10) + milliseconds + " ms" + percent + " %\n"
  }
}

func jsonText(of value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  // Plain numbers, strings and booleans: nothing in our reports can fail to encode.
  guard let data = try? encoder.encode(value) else { preconditionFailure("a report that is not JSON") }
  return String(decoding: data, as: UTF8.self)
}
