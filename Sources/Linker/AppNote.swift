internal import CRuntimeABI

/// The note of an app: what was decided when it was built, and what its runtime obeys. Read from the file's bytes, which
/// anybody may have made: every offset and size in them is checked against the bytes that there are.
public struct AppNote: Equatable, Sendable {
  public struct Record: Equatable, Sendable {
    public var kind: UInt32
    public var payload: [UInt8]
    /// In the file.
    public var offset: Int
  }
  /// In their order, without the one that ends them.
  public var records: [Record]
}

/// Why no note can be read from a file.
public enum AppNoteError: Error, Equatable, CustomStringConvertible {
  case notELF
  case unsupportedELF
  /// Something in the file names bytes that it does not have.
  case truncated(String, offset: Int)
  case noNote
  case tooMany(String, offset: Int)
  case badRecord(String, offset: Int)
  case badFilter(String, instruction: Int)

  public var description: String {
    switch self {
    case .notELF: "it is not a native program (ELF)"
    case .unsupportedELF: "it is not a program for 64-bit x86"
    case .truncated(let what, let offset):
      "\(what) at offset 0x\(hex(offset)) goes beyond the end of the file"
    case .noNote: "it has no note of wasmaot: it was not built by wasmaot, or by an older version"
    case .tooMany(let what, let offset): "too many \(what) at offset 0x\(hex(offset))"
    case .badRecord(let what, let offset): "the note's record at offset 0x\(hex(offset)) is damaged: \(what)"
    case .badFilter(let what, let instruction):
      "instruction \(instruction) of the filter of system calls is \(what)"
    }
  }

  private func hex(_ value: Int) -> String { String(value, radix: 16) }
}

extension AppNote {
  /// More than any program has.
  private static let mostSegments = 1024
  /// In all segments, which may overlap: a thousand of the whole file, full of empty notes, would take minutes.
  private static let mostNotes = 4096

  public init(ofProgram bytes: [UInt8]) throws(AppNoteError) {
    let file = Reader(bytes: bytes)
    guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) else { throw .notELF }
    // ELFCLASS64, ELFDATA2LSB; EM_X86_64.
    guard bytes.count >= 64 else { throw .truncated("the header", offset: 0) }
    guard bytes[4] == 2, bytes[5] == 1, try file.integer(UInt16.self, at: 18, "the header") == 62 else {
      throw .unsupportedELF
    }
    let table = try file.offset(at: 32, "the header")
    let entrySize = Int(try file.integer(UInt16.self, at: 54, "the header"))
    let count = Int(try file.integer(UInt16.self, at: 56, "the header"))
    guard count <= Self.mostSegments else { throw .tooMany("segments", offset: 56) }
    guard count == 0 || entrySize >= 56 else { throw .unsupportedELF }
    var notes = 0
    for index in 0..<count {
      let header = try file.sum(table, index * entrySize, "the table of segments")
      // PT_NOTE
      guard try file.integer(UInt32.self, at: header, "the table of segments") == 4 else { continue }
      let start = try file.offset(at: try file.sum(header, 8, "a segment"), "a segment")
      let size = try file.offset(at: try file.sum(header, 32, "a segment"), "a segment")
      if let records = try Self.records(in: try file.range(start, size, "a segment"), of: file, &notes) {
        self.records = records
        return
      }
    }
    throw .noNote
  }

  /// Of the first note that is wasmaot's.
  private static func records(
    in range: Range<Int>, of file: Reader, _ notes: inout Int
  ) throws(AppNoteError) -> [Record]? {
    var position = range.lowerBound
    while range.upperBound - position >= 12 {
      notes += 1
      guard notes <= mostNotes else { throw .tooMany("notes", offset: position) }
      let nameSize = Int(try file.integer(UInt32.self, at: position, "a note"))
      let size = Int(try file.integer(UInt32.self, at: position + 4, "a note"))
      let type = try file.integer(UInt32.self, at: position + 8, "a note")
      let name = try file.range(position + 12, nameSize, "a note")
      let start = try file.sum(position + 12, (nameSize + 3) & ~3, "a note")
      let contents = try file.range(start, size, "a note")
      guard contents.upperBound <= range.upperBound else { throw .truncated("a note", offset: position) }
      if type == UInt32(WASMAOT_NOTE_TYPE),
        file.bytes[name].elementsEqual(Array(WASMAOT_NOTE_NAME.utf8) + [0])
      {
        return try records(of: contents, file)
      }
      position = try file.sum(start, (size + 3) & ~3, "a note")
    }
    return nil
  }

  private static func records(of range: Range<Int>, _ file: Reader) throws(AppNoteError) -> [Record] {
    var records: [Record] = []
    var position = range.lowerBound
    while true {
      guard range.upperBound - position >= 8 else {
        throw .badRecord("the last one is missing", offset: position)
      }
      let kind = try file.integer(UInt32.self, at: position, "a record")
      let size = Int(try file.integer(UInt32.self, at: position + 4, "a record"))
      guard size <= range.upperBound - position - 8 else { throw .truncated("a record", offset: position) }
      if kind == WASMAOT_CONFIG_END.rawValue { return records }
      let payload = file.bytes[position + 8..<position + 8 + size]
      records.append(Record(kind: kind, payload: Array(payload), offset: position))
      position += 8 + size
    }
  }

  /// Little-endian integers of a file that may lie about itself.
  private struct Reader {
    let bytes: [UInt8]

    func sum(_ a: Int, _ b: Int, _ what: String) throws(AppNoteError) -> Int {
      let (sum, overflow) = a.addingReportingOverflow(b)
      guard !overflow, sum <= bytes.count else { throw .truncated(what, offset: a) }
      return sum
    }

    func range(_ start: Int, _ size: Int, _ what: String) throws(AppNoteError) -> Range<Int> {
      start..<(try sum(start, size, what))
    }

    func integer<T: FixedWidthInteger>(_ type: T.Type, at offset: Int, _ what: String) throws(AppNoteError)
      -> T
    {
      let range = try range(offset, MemoryLayout<T>.size, what)
      return bytes[range].reversed().reduce(0) { $0 << 8 | T($1) }
    }

    /// 64 bits that name bytes of the file.
    func offset(at place: Int, _ what: String) throws(AppNoteError) -> Int {
      let value = try integer(UInt64.self, at: place, what)
      guard value <= UInt64(bytes.count) else { throw .truncated(what, offset: place) }
      return Int(value)
    }
  }
}
