#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a program may touch beyond its own memory. Nothing is granted unless asked for.
public struct Grants: Hashable, Codable, Sendable {
  public var directories: [DirectoryGrant] = []
  public var environment: [EnvironmentGrant] = []
  public var listeners: [ListenGrant] = []
  /// Control characters that the program writes reach the terminal.
  public var hasRawTerminal = false
  /// The program takes further grants itself, when it is started.
  public var isOpenAtRunTime = false

  public init() {}

  /// As a program takes them that was built with `isOpenAtRunTime`.
  var arguments: [String] {
    var arguments: [String] = []
    for grant in directories { arguments += ["--dir", grant.text] }
    for grant in environment {
      arguments += ["--env", grant.value.map { "\(grant.name)=\($0)" } ?? grant.name]
    }
    for grant in listeners { arguments += ["--listen", grant.address] }
    if hasRawTerminal { arguments.append("--raw-terminal") }
    return arguments
  }

  /// One guest path can't name two directories.
  public func check() throws(Problem) {
    var hosts: [String: String] = [:]
    for grant in directories {
      // Not from the command line, where these have a meaning of their own.
      if (try? DirectoryGrant(parsing: grant.text)) != grant {
        throw .usage(
          "a directory can't be granted as '\(grant.host)' under the guest path '\(grant.guest)'",
          help: "'::' can't be part of either path, nor ':ro' the end of the guest path")
      }
      if let host = hosts.updateValue(grant.host, forKey: grant.guest) {
        throw .usage(
          "--dir grants two directories under the guest path '\(grant.guest)': '\(host)' and '\(grant.host)'",
          help: "give one of them another guest path: --dir HOST::GUEST")
      }
    }
  }
}

/// `HOST[::GUEST][:ro]`: a host directory, the path under which the program sees it, and whether it may only
/// read there.
///
/// A relative host path is relative to the working directory of the program when it runs. The same rules, for
/// grants that a program takes itself, are in `runtime-c/src/grants.c`.
public struct DirectoryGrant: Hashable, Codable, Sendable {
  public var host: String
  public var guest: String
  public var isReadOnly: Bool

  public init(host: String, guest: String, isReadOnly: Bool = false) {
    self.host = host
    self.guest = guest
    self.isReadOnly = isReadOnly
  }

  /// The first `::` separates the paths; `:ro` at the very end is no part of either.
  public init(parsing text: String) throws(Problem) {
    let separator = text.firstRange(of: "::")
    var last = separator.map { String(text[$0.upperBound...]) } ?? text
    let isReadOnly = last.hasSuffix(Self.readOnly)
    if isReadOnly { last.removeLast(Self.readOnly.count) }
    if let other = Self.help(forEndOf: isReadOnly ? String(text.dropLast(Self.readOnly.count)) : text) {
      throw .usage("--dir '\(text)' ends in '\(other.end)'", help: other.help)
    }
    guard let separator else {
      guard !last.isEmpty else {
        throw .usage(
          "--dir \(isReadOnly ? "'\(text)' has no path" : "is given an empty path")", help: Self.example)
      }
      // WasmEdge's and wasmer's GUEST:HOST would silently grant another directory than was meant.
      guard !last.contains(":") else {
        throw .usage(
          "--dir '\(text)' separates its two paths by a single colon",
          help:
            "write HOST::GUEST (host path first); a host path that itself has a colon needs its ::GUEST too")
      }
      self.init(host: last, guest: last, isReadOnly: isReadOnly)
      return
    }
    let host = String(text[..<separator.lowerBound])
    guard !host.isEmpty else { throw .usage("--dir '\(text)' has no host path", help: Self.example) }
    guard !last.isEmpty else { throw .usage("--dir '\(text)' has no guest path", help: Self.example) }
    guard !last.contains("::") else {
      throw .usage("--dir '\(text)' has more than one '::'", help: Self.example)
    }
    self.init(host: host, guest: last, isReadOnly: isReadOnly)
  }

  /// As `init(parsing:)` reads it.
  var text: String { "\(host)::\(guest)\(isReadOnly ? Self.readOnly : "")" }

  private static let readOnly = ":ro"
  private static let example =
    "write --dir HOST, --dir HOST::GUEST or --dir HOST::GUEST:ro, such as ./data::/data"

  /// How others say what may be done with a directory: what to write instead.
  private static func help(forEndOf text: String) -> (end: String, help: String)? {
    if text.hasSuffix(":rw") {
      return (":rw", "leave it out: what is granted may be changed, unless it ends in ':ro'")
    }
    let end = ":readonly"
    guard text.hasSuffix(end) else { return nil }
    let grant = text.dropLast(end.count)
    let paths = grant.split(separator: ":", omittingEmptySubsequences: false)
    let spelling =
      if paths.count == 2 {
        "\(paths[1])::\(paths[0])"  // WasmEdge's GUEST:HOST:readonly
      } else {
        paths.count == 1 || grant.contains("::") ? String(grant) : "HOST::GUEST"
      }
    return (end, "write --dir \(spelling):ro (host path first)")
  }
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

/// `ADDRESS:PORT`, `[ADDRESS]:PORT` for IPv6: where the program listens for connections.
public struct ListenGrant: Hashable, Codable, Sendable {
  public var address: String

  /// Numbers only: what a name means may change between the build and the start.
  public init(parsing text: String) throws(Problem) {
    func problem(_ words: String) -> Problem {
      .usage(
        "--listen '\(text)' \(words)",
        help: "write --listen ADDRESS:PORT in numbers, such as --listen 127.0.0.1:8080 or --listen [::1]:8080"
      )
    }
    guard let colon = text.lastIndex(of: ":") else { throw problem("has no port") }
    let port = text[text.index(after: colon)...]
    guard !port.isEmpty, port.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = UInt16(port), number != 0
    else { throw problem("has no port from 1 to 65535") }
    let host = text[..<colon]
    let isV6 = host.hasPrefix("[") && host.hasSuffix("]")
    let digits = String(isV6 ? host.dropFirst().dropLast() : host)
    var parsed = in6_addr()  // room for either
    guard !digits.utf8.contains(0), inet_pton(isV6 ? AF_INET6 : AF_INET, digits, &parsed) == 1 else {
      throw problem("has no numeric address")
    }
    address = "\(host):\(number)"
  }
}
