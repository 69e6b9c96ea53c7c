/// Assertions that are known to fail, with the reason. They still run, and must fail.
enum SpecExpectedFailures {
  enum Model: String, CustomStringConvertible {
    case `static`, embedded, interpreter
    var description: String { rawValue }
  }

  static let table: [(script: String, line: Int, models: Set<Model>, reason: String)] = [
    ("tag", 49, [.embedded], "GC: that a recursive group of types is a unit of its own"),
    ("tag", 60, [.embedded], "GC: that a recursive group of types is a unit of its own"),
  ]
}
