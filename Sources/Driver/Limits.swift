/// What a program may use up before it is stopped. Nothing is limited unless asked for, but the stack.
public struct Limits: Hashable, Codable, Sendable {
  /// Bytes of all memories, of what tables grow by, and of exceptions.
  public var maxMemory: UInt64?
  /// Nanoseconds from the program's start.
  public var timeout: UInt64?
  /// Operators that it may execute.
  public var fuel: UInt64?
  /// The program says at its end how much fuel it consumed.
  public var reportsFuel = false

  public init() {}

  /// As a program takes them that was built with `Grants.isOpenAtRunTime`.
  var arguments: [String] {
    [
      maxMemory.map { ["--max-memory", "\($0)"] }, timeout.map { ["--timeout", "\($0 / 1_000_000)ms"] },
      fuel.map { ["--fuel", "\($0)"] },
    ].compactMap { $0 }.flatMap { $0 }
  }

  /// Without what `arguments` says.
  var withoutArguments: Limits {
    var rest = Limits()
    rest.reportsFuel = reportsFuel
    return rest
  }
}

/// A number of operators.
public func parseFuel(_ text: String) throws(Problem) -> UInt64 {
  guard text.allSatisfy(\.isASCII), !text.hasPrefix("+"), let fuel = UInt64(text), fuel <= Int64.max else {
    throw .usage(
      "--fuel '\(text)' is not an amount of fuel",
      help: "write how many operators the program may execute: --fuel 1000000000")
  }
  return fuel
}

/// Nanoseconds: a whole number with ms, s, m or h; without, of seconds.
public func parseDuration(_ text: String, option: String) throws(Problem) -> UInt64 {
  let milliseconds: UInt64 = 1_000_000
  let units: [(suffix: String, size: UInt64)] = [
    ("ms", milliseconds), ("s", 1000 * milliseconds), ("m", 60_000 * milliseconds),
    ("h", 3_600_000 * milliseconds), ("", 1000 * milliseconds),
  ]
  let unit = units.first { text.lowercased().hasSuffix($0.suffix) }!  // The last fits all.
  let digits = text.dropLast(unit.suffix.count)
  guard digits.allSatisfy(\.isASCII), !digits.hasPrefix("+"), let number = UInt64(digits), number > 0 else {
    throw .usage(
      "\(option) '\(text)' is not a duration",
      help:
        "write whole seconds, or a whole number with ms, s, m or h, more than 0: \(option) 500ms")
  }
  let (duration, overflow) = number.multipliedReportingOverflow(by: unit.size)
  guard !overflow, duration <= Int64.max else { throw .usage("\(option) \(text) is too long") }
  return duration
}
