import Testing

@testable import Driver

@Suite struct ActionResultTests {
  private static let digest = String(repeating: "0a", count: 32)

  private static let result = ActionResult(
    files: [
      .init(path: "output", digest: digest, size: 300, isExecutable: true),
      .init(path: "output.h", digest: digest, size: 0),
    ], standardOutput: Array("{}".utf8), standardError: [0xFF])

  @Test func readsWhatItWrites() {
    #expect(ActionResult(decoding: Self.result.encoded()) == Self.result)
    #expect(ActionResult(decoding: []) == ActionResult())
  }

  /// Field by field, as protoc --decode shows it.
  @Test func bytes() {
    let file = ActionResult(files: [.init(path: "u", digest: Self.digest, size: 300, isExecutable: true)])
    let digest = [0x0A, 64] + Array(Self.digest.utf8) + [0x10, 0xAC, 0x02]
    let output = [0x0A, 1, UInt8(ascii: "u"), 0x12, UInt8(digest.count)] + digest + [0x20, 1]
    #expect(file.encoded() == [0x12, UInt8(output.count)] + output)
  }

  @Test func unknownFieldsArePassedOver() {
    // What bazel-remote adds: execution_metadata with a worker; and all other kinds of fields.
    let added: [UInt8] =
      [0x4A, 4, 0x0A, 2, 0x61, 0x62] + [0x20, 0] + [0x79] + Array(repeating: 1, count: 8) + [
        0x7D, 1, 2, 3, 4,
      ]
    #expect(ActionResult(decoding: added + Self.result.encoded() + added) == Self.result)
  }

  @Test(
    arguments: [
      [0x12], [0x12, 5, 1], [0x12, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x00],
      [0x0B],
      [0x20, 1], [0x12, 0], [0x12, 3, 0x0A, 1, 0x61], [0x12, 2, 0x0A, 5], Array("not a message".utf8),
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01], [0x79, 1, 2], [0x7D, 1],
    ] as [[UInt8]])
  func malformed(bytes: [UInt8]) {
    #expect(ActionResult(decoding: bytes) == nil)
  }

  @Test func everyPrefixIsReadWithoutHarm() {
    let bytes = Self.result.encoded()
    for count in bytes.indices { _ = ActionResult(decoding: Array(bytes[..<count])) }
    for index in bytes.indices {
      var changed = bytes
      for bit in 0..<8 {
        changed[index] = bytes[index] ^ 1 << bit
        _ = ActionResult(decoding: changed)
      }
    }
  }

  /// They become part of a URL.
  @Test(arguments: [
    "", "../../etc/passwd", String(repeating: "A", count: 64), String(repeating: "a", count: 63),
    String(repeating: "a", count: 63) + "/", String(repeating: "é", count: 32),
  ])
  func wrongDigest(digest: String) {
    let result = ActionResult(files: [.init(path: "output", digest: digest, size: 1)])
    #expect(ActionResult(decoding: result.encoded()) == nil)
  }
}
