internal import Support

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// What was measured on.
public struct Machine: Codable, Hashable, Sendable {
  public var cpu: String
  public var cores: Int
  public var memoryGiB: Double
  public var kernel: String

  /// This machine.
  public static func current() -> Machine {
    var name = utsname()
    uname(&name)
    let memory = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE)))
    return Machine(
      cpu: cpuModel() ?? text(of: &name.machine), cores: processorCount,
      memoryGiB: (memory / Double(1 << 30) * 10).rounded() / 10,
      kernel: "\(text(of: &name.sysname)) \(text(of: &name.release))")
  }

  private static func cpuModel() -> String? {
    guard let file = fopen("/proc/cpuinfo", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
      let bytes = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
      let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1)
      if parts.count == 2, parts[0].hasPrefix("model name") { return String(parts[1].drop { $0 == " " }) }
    }
    return nil
  }

  /// A field of `utsname`, which Swift sees as a tuple.
  private static func text<Field>(of field: inout Field) -> String {
    withUnsafeBytes(of: &field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
