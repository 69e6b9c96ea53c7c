import Support
import WasmModule

/// A module like another, but that its entry returns at once: from spawn to exit it takes as long as the other takes to
/// start and to end.
///
/// Nothing else is changed, and no compiler can tell that nothing else is ever reached: so the code, the data and the
/// tables are all there to be loaded.
enum StartModule {
  /// Nil, if the entry is not the module's own, or has results that can't be made from nothing.
  static func bytes(of module: WasmModule.Module, entry: FuncIdx) -> [UInt8]? {
    guard module.functions[entry].origin == .defined,
      let zeros = zeros(of: module.type(of: entry).results)
    else { return nil }
    let bytes = module.bytes.buffer
    var reader = OperatorReader(module: module, function: entry)
    _ = reader.readLocals()
    let range = module.functions[entry].body
    let locals = bytes[range.start..<reader.position]
    let code = bytes[reader.position..<range.end]
    let body =
      if let memory = module.memories.values.first {
        Array(locals) + returnIfAnything(of: memory.type, zeros) + Array(code)
      } else {
        Array(locals) + zeros + [Code.end]
      }
    return replacing(range, with: body, in: bytes)
  }

  private enum Code {
    static let codeSection: UInt8 = 10
    static let customSection: UInt8 = 0
    static let end: UInt8 = 0x0B
  }

  /// Memories have less than 2^32 - 1 pages, or 2^64 - 1, but only at run time anybody knows how many.
  private static func returnIfAnything(of memory: MemType, _ zeros: [UInt8]) -> [UInt8] {
    let memorySize: [UInt8] = [0x3F, 0]
    let isLess: [UInt8] = memory.address == .i32 ? [0x41, 0x7F, 0x49] : [0x42, 0x7F, 0x54]
    return memorySize + isLess + [0x04, 0x40] + zeros + [0x0F, Code.end]
  }

  private static func zeros(of types: [ValType]) -> [UInt8]? {
    var code: [UInt8] = []
    for type in types {
      switch type {
      case .i32: code += [0x41, 0]
      case .i64: code += [0x42, 0]
      case .f32: code += [0x43] + [UInt8](repeating: 0, count: 4)
      case .f64: code += [0x44] + [UInt8](repeating: 0, count: 8)
      case .v128: code += [0xFD, 0x0C] + [UInt8](repeating: 0, count: 16)
      case .funcref: code += [0xD0, 0x70]
      case .externref: code += [0xD0, 0x6F]
      default: return nil
      }
    }
    return code
  }

  /// The module with another body. Custom sections but for the names go: some hold places in the code.
  private static func replacing(
    _ range: ByteRange, with body: [UInt8], in bytes: UnsafeRawBufferPointer
  ) -> [UInt8] {
    let headerSize = 8
    var result = Array(bytes[..<headerSize])
    var position = headerSize
    while position < bytes.count {
      let id = bytes[position]
      position += 1
      let size = readCount(bytes, &position)
      let contents = position..<position + size
      position = contents.upperBound
      if id == Code.customSection {
        var place = contents.lowerBound
        let count = readCount(bytes, &place)
        if !bytes[place..<place + count].elementsEqual("name".utf8) { continue }
      }
      let new =
        id == Code.codeSection
        ? replacing(range, with: body, inCode: contents, of: bytes) : Array(bytes[contents])
      result.append(id)
      result += encoded(new.count) + new
    }
    return result
  }

  private static func replacing(
    _ range: ByteRange, with body: [UInt8], inCode section: Range<Int>, of bytes: UnsafeRawBufferPointer
  ) -> [UInt8] {
    var position = section.lowerBound
    _ = readCount(bytes, &position)
    while position < section.upperBound {
      let start = position
      let size = readCount(bytes, &position)
      if position == range.start {
        return Array(bytes[section.lowerBound..<start]) + encoded(body.count) + body
          + Array(bytes[position + size..<section.upperBound])
      }
      position += size
    }
    preconditionFailure("a body that is not in the code section")
  }

  /// LEB128, of a module that has been decoded.
  private static func readCount(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Int {
    var value = 0
    var shift = 0
    while true {
      let byte = bytes[position]
      position += 1
      value |= Int(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
  }

  private static func encoded(_ count: Int) -> [UInt8] {
    var rest = count
    var bytes: [UInt8] = []
    repeat {
      let low = UInt8(rest & 0x7F)
      rest >>= 7
      bytes.append(rest == 0 ? low : low | 0x80)
    } while rest != 0
    return bytes
  }
}
