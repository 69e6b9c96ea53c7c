/// What a program may touch beyond its own memory. Nothing is granted unless asked for.
public struct Grants: Hashable, Codable, Sendable {
  public var directories: [DirectoryGrant] = []
  public var environment: [EnvironmentGrant] = []
  /// The program takes further grants itself, when it is started.
  public var isOpenAtRunTime = false

  public init() {}

  /// As a program takes them that was built with `isOpenAtRunTime`.
  var arguments: [String] {
    directories.flatMap { ["--dir", "\($0.host)::\($0.guest)"] }
      + environment.flatMap { grant in ["--env", grant.value.map { "\(grant.name)=\($0)" } ?? grant.name] }
  }

  /// One guest path can't name two directories.
  public func check() throws(Problem) {
    var hosts: [String: String] = [:]
    for grant in directories {
      if let host = hosts.updateValue(grant.host, forKey: grant.guest) {
        throw .usage(
          "--dir grants two directories under the guest path '\(grant.guest)': '\(host)' and '\(grant.host)'",
          help: "give one of them another guest path: --dir HOST::GUEST")
      }
    }
  }
}

/// `HOST[::GUEST]`: a host directory, and the path under which the program sees it.
///
/// A relative host path is relative to the working directory of the program when it runs.
public struct DirectoryGrant: Hashable, Codable, Sendable {
  public var host: String
  public var guest: String

  public init(host: String, guest: String) {
    self.host = host
    self.guest = guest
  }

  public init(parsing text: String) throws(Problem) {
    guard let separator = text.firstRange(of: "::") else {
      guard !text.isEmpty else { throw .usage("--dir is given an empty path", help: Self.example) }
      // WasmEdge's and wasmer's GUEST:HOST would silently grant another directory than was meant.
      guard !text.contains(":") else {
        throw .usage(
          "--dir '\(text)' separates its two paths by a single colon",
          help:
            "write HOST::GUEST (host path first); a host path that itself has a colon needs its ::GUEST too")
      }
      self.init(host: text, guest: text)
      return
    }
    let host = String(text[..<separator.lowerBound])
    let guest = String(text[separator.upperBound...])
    guard !host.isEmpty else { throw .usage("--dir '\(text)' has no host path", help: Self.example) }
    guard !guest.isEmpty else { throw .usage("--dir '\(text)' has no guest path", help: Self.example) }
    guard !guest.contains("::") else {
      throw .usage("--dir '\(text)' has more than one '::'", help: Self.example)
    }
    self.init(host: host, guest: guest)
  }

  private static let example = "write --dir HOST or --dir HOST::GUEST, such as --dir ./data::/data"
}

/// `NAME=VALUE`: a variable with its value, or `NAME`: the value that it has when the program starts.
public struct EnvironmentGrant: Hashable, Codable, Sendable {
  public var name: String
  /// Nil: inherited when the program starts.
  public var value: String?

  public init(name: String, value: String?) {
    self.name = name
    self.value = value
  }

  public init(parsing text: String) throws(Problem) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty else {
      throw .usage("--env '\(text)' has no name", help: "write --env NAME=VALUE, or --env NAME to inherit it")
    }
    self.init(name: String(name), value: parts.count == 2 ? String(parts[1]) : nil)
  }
}
