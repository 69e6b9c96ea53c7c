#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

import CCurl
import Synchronization

/// GET and PUT over libcurl: with the system's certificates, its proxies (`https_proxy` and so on), and connections
/// that are kept.
final class HTTPClient: Sendable {
  enum Failure: Error {
    /// No answer; in libcurl's words.
    case transport(String)
    /// An answer of more than so many bytes.
    case tooLarge(limit: Int)
  }

  struct Response {
    var status: Int
    var body: [UInt8]
  }

  private let headers: [String]
  private let certificates: String?
  private let timeout: Duration
  private let sessions = Mutex<[Session]>([])

  /// `headers` are complete lines. Throws where libcurl can't be loaded.
  /// `certificates` is a file of them, instead of the system's.
  init(headers: [String], certificates: String?, timeout: Duration) throws(Problem) {
    if let error = ccurl_load() { throw Problem(String(cString: error)) }
    self.headers = headers
    self.certificates = certificates
    self.timeout = timeout
  }

  func get(_ url: String, limit: Int) throws(Failure) -> Response {
    try perform(url, nil, headers: headers, limit: limit)
  }

  func put(_ url: String, _ body: [UInt8]) throws(Failure) -> Response {
    // Not "Expect: 100-continue": servers that do not know it make every transfer wait for a second.
    try perform(
      url, body, headers: headers + ["Content-Type: application/octet-stream", "Expect:"], limit: 1 << 16)
  }

  private func perform(
    _ url: String, _ body: [UInt8]?, headers: [String], limit: Int
  ) throws(Failure) -> Response {
    guard let session = sessions.withLock({ $0.popLast() }) ?? Session() else {
      throw .transport("no memory for a transfer")
    }
    defer { sessions.withLock { $0.append(session) } }
    var response = ccurl_response()
    defer { ccurl_free(&response) }
    let lines = headers.map { strdup($0) }
    let certificates = certificates.map { strdup($0)! }
    defer { for line in lines + [certificates] { free(line) } }
    var request = ccurl_request()
    request.limit = limit
    request.certificates = certificates.map { UnsafePointer($0) }
    request.timeout = timeout.milliseconds
    request.connect_timeout = min(timeout, .seconds(5)).milliseconds
    let status = url.withCString { url in
      "wasmaot/\(Version.wasmaot)".withCString { agent in
        lines.map { UnsafePointer($0) }.withUnsafeBufferPointer { lines in
          // An empty body is a body.
          (body ?? []).withUnsafeBufferPointer { bytes in
            request.url = url
            request.user_agent = agent
            request.headers = lines.baseAddress
            request.header_count = lines.count
            if body != nil {
              request.body = bytes.baseAddress ?? UnsafePointer(bitPattern: 1)
              request.body_size = bytes.count
            }
            return ccurl_perform(session.handle, &request, &response)
          }
        }
      }
    }
    if status != 0 {
      if response.is_too_large != 0 { throw .tooLarge(limit: limit) }
      throw .transport(
        withUnsafeBytes(of: response.error) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return Response(
      status: response.status, body: Array(UnsafeBufferPointer(start: response.bytes, count: response.size)))
  }

  /// Handed from thread to thread, and used by one at a time.
  private final class Session: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    init?() {
      guard let handle = ccurl_session_new() else { return nil }
      self.handle = handle
    }

    deinit { ccurl_session_free(handle) }
  }
}

extension Duration {
  fileprivate var milliseconds: Int {
    Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
  }
}
