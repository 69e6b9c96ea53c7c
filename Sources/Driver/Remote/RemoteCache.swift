import Crypto
import FoundationEssentials
import Support
import Synchronization

/// Where a remote cache is, and how it is used.
public struct RemoteCacheOptions: Hashable, Sendable {
  /// `http://…` or `https://…`; `/ac/…` and `/cas/…` are below it.
  public var url: String
  /// What was built here is put there.
  public var uploads = true
  /// A line `Name: value` that goes with each request.
  public var header: String?
  /// Entries are signed with it, and only those are believed that are.
  public var key: String?
  /// A file of certificates (PEM) to believe instead of the system's.
  public var certificates: String?
  public var timeout: Duration = .seconds(60)

  public init(url: String) { self.url = url }

  /// WASMAOT_REMOTE_CACHE, and beside it _UPLOAD (yes, no), _TOKEN or _HEADER, _KEY, _CA, _TIMEOUT; `url`, `uploads` and
  /// `timeout` are the command line's, and win. Nil where no URL is given.
  public static func standard(
    environment: [String: String], url: String?, uploads: Bool?, timeout: String?
  ) throws(Problem) -> RemoteCacheOptions? {
    func variable(_ name: String) -> String? {
      environment["WASMAOT_REMOTE_CACHE" + name].flatMap { $0.isEmpty ? nil : $0 }
    }
    guard let url = url ?? variable(""), !url.isEmpty else { return nil }
    var options = RemoteCacheOptions(url: url)
    while options.url.hasSuffix("/") { options.url.removeLast() }
    guard ["http://", "https://"].contains(where: { options.url.hasPrefix($0) && options.url != $0 }),
      options.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      !options.url.contains(where: { "?#".contains($0) })
    else {
      throw .usage(
        "the remote cache '\(withoutPassword(url))' is no address",
        help: "write http://HOST:PORT/PATH or https://…, without '?' and '#'")
    }
    // A secret that a CI system does not hand out is empty there: to go on would be to go on without signatures.
    for name in ["_KEY", "_TOKEN", "_HEADER", "_CA"] where environment["WASMAOT_REMOTE_CACHE" + name] == "" {
      throw .usage(
        "WASMAOT_REMOTE_CACHE\(name) is empty", help: "give it a value, or unset it to do without")
    }
    switch variable("_UPLOAD") {
    case nil, "yes": options.uploads = true
    case "no": options.uploads = false
    case let other?:
      throw .usage("WASMAOT_REMOTE_CACHE_UPLOAD is '\(other)'", help: "set it to yes or no")
    }
    if let uploads { options.uploads = uploads }
    let token = variable("_TOKEN")
    options.header = variable("_HEADER") ?? token.map { "Authorization: Bearer \($0)" }
    if let header = options.header, !isHeader(header) {
      throw .usage(
        "WASMAOT_REMOTE_CACHE_\(token == nil ? "HEADER" : "TOKEN") is no header",
        help: "write one line, Name: value, in printable characters")
    }
    options.key = variable("_KEY")
    options.certificates = variable("_CA")
    if let text = timeout ?? variable("_TIMEOUT") {
      options.timeout = .nanoseconds(Int64(try parseDuration(text, option: "--remote-cache-timeout")))
    }
    return options
  }

  /// One line: more would be headers of their own, or requests.
  private static func isHeader(_ text: String) -> Bool {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex else {
      return false
    }
    return text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
  }

  /// For messages. A password may have a '/', and an address that is none has no scheme.
  static func withoutPassword(_ url: String) -> String {
    guard let at = url.lastIndex(of: "@") else { return url }
    let scheme = ["http://", "https://"].first { url.hasPrefix($0) } ?? ""
    return "\(scheme)…\(url[at...])"
  }
}

/// The tier of the cache that machines share: a server that speaks Bazel's HTTP cache protocol.
///
/// `/cas/DIGEST` has files, and nothing is believed of them that their digest does not say. `/ac/KEY` says which files
/// were made from what `KEY` names; that only whoever may write there knows, unless entries are signed. A server that
/// fails is not asked again, and becomes one warning: builds go on without it. Nor is an entry used that can't be
/// believed: that is a warning, too, and the build puts its own in its place.
final class RemoteCache: Sendable {
  private struct State {
    /// It is not asked any more, or given anything any more.
    var hasFailed = false
    var refusesUploads = false
    /// There was a warning of an entry that is not to be believed.
    var hasDisbelieved = false
    var warnings: [String] = []
    var uploads: [@Sendable (RemoteCache) -> Void] = []
  }

  private let options: RemoteCacheOptions
  private let client: HTTPClient?
  private let state: Mutex<State>

  /// Of an entry of the action cache. Ours has a report of a kilobyte or two.
  private static let actionSizeLimit = 1 << 20
  /// Transfers at once, at the end of a build.
  private static let uploadThreads = 8

  init(_ options: RemoteCacheOptions) {
    self.options = options
    do throws(Problem) {
      client = try HTTPClient(
        headers: options.header.map { [$0] } ?? [], certificates: options.certificates,
        timeout: options.timeout)
      state = Mutex(State())
    } catch {
      client = nil
      state = Mutex(State(hasFailed: true, warnings: ["no remote cache is used: \(error.summary)"]))
    }
  }

  private var place: String { RemoteCacheOptions.withoutPassword(options.url) }

  /// What went wrong and was not said yet.
  func takeWarnings() -> [String] {
    state.withLock { state in
      defer { state.warnings = [] }
      return state.warnings
    }
  }

  private func fail(_ problem: String) {
    state.withLock { state in
      if state.hasFailed { return }
      state.hasFailed = true
      state.warnings.append("the remote cache \(place) is not used: \(problem)")
    }
  }

  /// An entry is not what it should be: as if it were not there.
  func disbelieve(_ problem: String) {
    state.withLock { state in
      if state.hasDisbelieved { return }
      state.hasDisbelieved = true
      state.warnings.append("the remote cache \(place) has what is not used: \(problem)")
    }
  }

  private func failUploads(_ problem: String) {
    state.withLock { state in
      if state.refusesUploads { return }
      state.refusesUploads = true
      state.warnings.append(
        "nothing is put into the remote cache \(place): \(problem); --remote-cache-upload=no does not try")
    }
  }

  // MARK: - Reading

  /// What was made from what the key names, with all its files, which are some of those expected; nil where the
  /// server does not have it.
  func find(_ key: String, _ expected: Set<String>) -> (result: ActionResult, files: [[UInt8]])? {
    guard let bytes = get("ac/\(key)", limit: Self.actionSizeLimit) else { return nil }
    guard let result = ActionResult(decoding: bytes), !result.files.isEmpty else {
      // Other tools' entries have other keys.
      disbelieve("the entry \(key) is no ActionResult with files")
      return nil
    }
    guard isSigned(result, key) else {
      disbelieve("the entry \(key) is not signed with this WASMAOT_REMOTE_CACHE_KEY")
      return nil
    }
    // Before anything is fetched: an entry may list any number of files of any size.
    guard result.files.count <= expected.count, Set(result.files.map(\.path)).isSubset(of: expected),
      Set(result.files.map(\.path)).count == result.files.count,
      result.files.allSatisfy({ $0.size <= OutputFile.sizeLimit }),
      result.files.reduce(0, { $0 + $1.size }) <= OutputFile.sizeLimit
    else {
      disbelieve("the entry \(key) lists other files than it should")
      return nil
    }
    var files: [[UInt8]] = []
    for file in result.files {
      guard let bytes = get("cas/\(file.digest)", limit: file.size) else { return nil }
      guard bytes.count == file.size, sha256(bytes) == file.digest else {
        // Never used: it is not what was uploaded.
        disbelieve("the file \(file.digest) has other contents")
        return nil
      }
      files.append(bytes)
    }
    return (result, files)
  }

  private func get(_ path: String, limit: Int) -> [UInt8]? {
    guard let client, !state.withLock({ $0.hasFailed }) else { return nil }
    do throws(HTTPClient.Failure) {
      let response = try client.get("\(options.url)/\(path)", limit: limit)
      switch response.status {
      case 200: return response.body
      case 404: return nil
      default: fail(Self.words(for: response.status))
      }
    } catch {
      if case .tooLarge = error, path.hasPrefix("cas/") {
        disbelieve("the file \(path.dropFirst(4)) has other contents")
      } else {
        fail(Self.words(for: error))
      }
    }
    return nil
  }

  // MARK: - Writing

  /// Has this put there at the end of the build, to be found by each of the keys.
  func put(
    _ files: [(file: ActionResult.File, bytes: [UInt8])], standardOutput: [UInt8] = [], for keys: [String]
  ) {
    guard options.uploads, client != nil else { return }
    let entries = keys.map { key in
      var result = ActionResult(files: files.map(\.file), standardOutput: standardOutput)
      sign(&result, key)
      return ("ac/\(key)", result.encoded())
    }
    let contents = files.map { ("cas/\($0.file.digest)", $0.bytes) }
    state.withLock { state in
      state.uploads.append { cache in
        // The entries last: servers look whether their files are there.
        for (path, bytes) in contents + entries {
          guard cache.put(path, bytes) else { return }
        }
      }
    }
  }

  /// Ends a build.
  func finishUploads() {
    let uploads = state.withLock { state in
      defer { state.uploads = [] }
      return state.uploads
    }
    // They wait for the network, not for processors.
    WorkSlots.$current.withValue(nil) {
      _ = parallelMap(count: uploads.count, jobs: Self.uploadThreads) { uploads[$0](self) }
    }
  }

  private func put(_ path: String, _ bytes: [UInt8]) -> Bool {
    guard let client, !state.withLock({ $0.hasFailed || $0.refusesUploads }) else { return false }
    do throws(HTTPClient.Failure) {
      let response = try client.put("\(options.url)/\(path)", bytes)
      if 200..<300 ~= response.status { return true }
      failUploads(Self.words(for: response.status))
    } catch {
      failUploads(Self.words(for: error))
    }
    return false
  }

  private static func words(for status: Int) -> String {
    switch status {
    case 401, 403: "it answers with status \(status): check WASMAOT_REMOTE_CACHE_TOKEN or _HEADER"
    case 300..<400: "it answers with status \(status), a redirection: give the address that it leads to"
    default: "it answers with status \(status)"
    }
  }

  private static func words(for failure: HTTPClient.Failure) -> String {
    switch failure {
    case .transport(let words): words
    case .tooLarge(let limit): "an answer is larger than \(limit) bytes"
    }
  }

  // MARK: - Signatures

  /// In the place of what the action wrote to standard error.
  private func sign(_ result: inout ActionResult, _ key: String) {
    guard let secret = options.key else { return }
    let code = HMAC<SHA256>.authenticationCode(for: Self.signed(result, key), using: Self.secret(secret))
    result.standardError = Array(code)
  }

  private func isSigned(_ result: ActionResult, _ key: String) -> Bool {
    guard let secret = options.key else { return true }
    return HMAC<SHA256>.isValidAuthenticationCode(
      result.standardError, authenticating: Self.signed(result, key), using: Self.secret(secret))
  }

  private static func secret(_ text: String) -> SymmetricKey { SymmetricKey(data: Array(text.utf8)) }

  /// The key is part of it, so that an entry can't stand in for another.
  private static func signed(_ result: ActionResult, _ key: String) -> [UInt8] {
    var unsigned = result
    unsigned.standardError = []
    return Array("wasmaot \(key)\n".utf8) + unsigned.encoded()
  }
}
