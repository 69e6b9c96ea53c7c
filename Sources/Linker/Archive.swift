/// An archive of one object, as `ar rcsD` writes it: GNU's variant of the format, which all Unix linkers read, with
/// an index of symbols and without times and owners, so that equal inputs give equal bytes.
public func archive(of object: LinkObject, symbol: String) -> [UInt8] {
  // The index: how many symbols, where the member of each is (big-endian), their names.
  let longName = object.name.utf8.count > Member.longestName ? Array("\(object.name)/\n".utf8) : []
  let indexSize = 4 + 4 + symbol.utf8.count + 1
  var position = Member.magic.count + Member.size(of: indexSize)
  if !longName.isEmpty { position += Member.size(of: longName.count) }
  var index: [UInt8] = []
  for number in [1, UInt32(position)] {
    index += stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
  }
  index += Array(symbol.utf8) + [0]

  var bytes = Member.magic
  Member.append(name: "/", index, to: &bytes)
  if !longName.isEmpty { Member.append(name: "//", longName, to: &bytes) }
  Member.append(name: longName.isEmpty ? "\(object.name)/" : "/0", object.bytes, to: &bytes)
  return bytes
}

private enum Member {
  static let magic = Array("!<arch>\n".utf8)
  /// Longer names are in a member of their own.
  static let longestName = 15
  private static let headerSize = 60

  static func size(of contents: Int) -> Int { headerSize + contents + contents % 2 }

  static func append(name: String, _ contents: [UInt8], to bytes: inout [UInt8]) {
    func field(_ text: String, _ width: Int) -> [UInt8] {
      Array(text.utf8) + Array(repeating: UInt8(ascii: " "), count: width - text.utf8.count)
    }
    bytes += field(name, 16) + field("0", 12) + field("0", 6) + field("0", 6) + field("100644", 8)
    bytes += field("\(contents.count)", 10) + Array("`\n".utf8) + contents
    // Members start at even offsets.
    if contents.count % 2 == 1 { bytes.append(UInt8(ascii: "\n")) }
  }
}
