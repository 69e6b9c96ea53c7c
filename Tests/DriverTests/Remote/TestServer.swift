import Glibc
import Synchronization

@testable import Driver

/// An HTTP/1.1 server on the loopback interface, as good or as bad as its handler.
final class TestServer: Sendable {
  struct Request: Sendable {
    var method: String
    var path: String
    /// Names in lower case.
    var headers: [String: String]
    var body: [UInt8]
  }

  enum Answer: Sendable {
    case reply(status: Int, body: [UInt8] = [], headers: [String] = [])
    /// These bytes, and the end of the connection.
    case raw([UInt8])
    /// Nothing, for so many seconds.
    case silence(seconds: UInt32)
  }

  let port: UInt16
  private let listener: Int32
  private let handler: @Sendable (Request) -> Answer
  private let log = Mutex<[Request]>([])

  var url: String { "http://127.0.0.1:\(port)/cache" }
  /// What was asked for, without `/cache`.
  var requests: [Request] { log.withLock { $0 } }

  init(_ handler: @escaping @Sendable (Request) -> Answer) throws {
    self.handler = handler
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = listener
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &size) == 0
      }
    }
    struct NoSocket: Error {}
    guard isBound else { throw NoSocket() }
    port = UInt16(bigEndian: address.sin_port)
    start { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection >= 0 {
          start { self.serve(connection) }
        } else if errno == EINVAL {  // shut down
          break
        }
      }
      close(listener)
    }
  }

  /// Who is connected is served to the end. The listener is closed by who accepts: its number must not be another
  /// file's by then.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func start(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
      let body: @Sendable () -> Void
      init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      {
        Unmanaged<Box>.fromOpaque($0!).takeRetainedValue().body()
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
    pthread_detach(thread)
  }

  private func serve(_ connection: Int32) {
    defer { close(connection) }
    var pending: [UInt8] = []
    while let request = receive(connection, &pending) {
      log.withLock { $0.append(request) }
      switch handler(request) {
      case .reply(let status, let body, let headers):
        let head = ["HTTP/1.1 \(status) Status", "Content-Length: \(body.count)"] + headers + ["", ""]
        guard send(Array(head.joined(separator: "\r\n").utf8) + body, connection) else { return }
      case .raw(let bytes):
        _ = send(bytes, connection)
        return
      case .silence(let seconds):
        sleep(seconds)
        return
      }
    }
  }

  private func receive(_ connection: Int32, _ pending: inout [UInt8]) -> Request? {
    func more() -> Bool {
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(connection, &chunk, chunk.count, 0)
      if count > 0 { pending += chunk[..<count] }
      return count > 0
    }
    let end = Array("\r\n\r\n".utf8)
    var headEnd: Int?
    while headEnd == nil {
      headEnd = pending.indices.first { pending[$0...].starts(with: end) }
      if headEnd == nil, !more() { return nil }
    }
    let lines = String(decoding: pending[..<headEnd!], as: UTF8.self).split(separator: "\r\n")
    let words = lines[0].split(separator: " ").map(String.init)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
    }
    let size = headers["content-length"].flatMap { Int($0) } ?? 0
    pending.removeFirst(headEnd! + 4)
    while pending.count < size { if !more() { return nil } }
    let body = Array(pending.prefix(size))
    pending.removeFirst(size)
    return Request(method: words[0], path: words[1], headers: headers, body: body)
  }

  private func send(_ bytes: [UInt8], _ connection: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      sent += count
    }
    return true
  }
}

/// What a server keeps.
final class TestStore: Sendable {
  private let files = Mutex<[String: [UInt8]]>([:])

  var contents: [String: [UInt8]] {
    get { files.withLock { $0 } }
    set { files.withLock { $0 = newValue } }
  }

  /// As bazel-remote does it: an entry of the action cache must be an ActionResult, and has to have its files.
  func answer(_ request: TestServer.Request) -> TestServer.Answer {
    files.withLock { files in
      let name = String(request.path.dropFirst("/cache/".count))
      switch request.method {
      case "GET":
        guard let bytes = files[name] else { return .reply(status: 404, body: Array("Not found".utf8)) }
        if name.hasPrefix("ac/"),
          ActionResult(decoding: bytes)?.files.allSatisfy({ files["cas/\($0.digest)"] != nil }) != true
        {
          return .reply(status: 404)
        }
        return .reply(status: 200, body: bytes)
      case "PUT":
        guard !name.hasPrefix("ac/") || ActionResult(decoding: request.body) != nil else {
          return .reply(status: 400)
        }
        files[name] = request.body
        return .reply(status: 200)
      default: return .reply(status: 405)
      }
    }
  }
}
