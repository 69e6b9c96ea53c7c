/// The bytes of a module: mapped from a file, or owned. Never changed once made.
public final class ModuleBytes: @unchecked Sendable {
  public let buffer: UnsafeRawBufferPointer

  public init(_ bytes: [UInt8]) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    memory.copyBytes(from: bytes)
    buffer = UnsafeRawBufferPointer(memory)
  }

  deinit { buffer.deallocate() }

  public var count: Int { buffer.count }
}
