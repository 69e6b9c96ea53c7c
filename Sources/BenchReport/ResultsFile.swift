public import FoundationEssentials

/// Why a file holds no results.
public struct ResultsError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String
}

extension BenchmarkResults {
  /// Reads a file's contents, and checks what the reports rely on.
  public init(json: Data) throws(ResultsError) {
    struct Format: Decodable { var format: Int }
    do {
      let decoder = JSONDecoder()
      let format = try decoder.decode(Format.self, from: json).format
      guard format == Self.currentFormat else {
        throw ResultsError(
          description: "the format is \(format), and this program reads format \(Self.currentFormat)")
      }
      self = try decoder.decode(Self.self, from: json)
    } catch let error as ResultsError {
      throw error
    } catch let error as DecodingError {
      throw ResultsError(error)
    } catch {
      throw ResultsError(description: "\(error)")
    }
    try check()
  }

  public func json() -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    // Numbers are finite: nothing else is measured, and `check` lets nothing else in.
    guard let data = try? encoder.encode(self) else { preconditionFailure("results that are not JSON") }
    return String(decoding: data, as: UTF8.self)
  }

  private func check() throws(ResultsError) {
    var names: Set<String> = []
    for section in sections {
      func problem(_ text: String) -> ResultsError { .init(description: "section '\(section.name)' \(text)") }
      // They become parts of file names.
      let isPlain = section.name.utf8.allSatisfy {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          || [UInt8(ascii: "-"), UInt8(ascii: "_")].contains($0)
      }
      guard isPlain, !section.name.isEmpty, section.name.utf8.count <= 100 else {
        throw problem("has a name that is not made of letters, digits, '-' and '_'")
      }
      guard names.insert(section.name).inserted else { throw problem("is there twice") }
      guard Set(section.columns).count == section.columns.count else { throw problem("has a column twice") }
      if let baseline = section.baseline, !section.columns.contains(baseline) {
        throw problem("is compared with '\(baseline)', which is not one of its columns")
      }
      for value in section.rows.lazy.flatMap(\.values.values) {
        guard value.min <= value.median, value.median <= value.max, value.runs > 0 else {
          throw problem("has a median that is not between the least and the greatest value")
        }
      }
    }
  }
}

extension ResultsError {
  fileprivate init(_ error: DecodingError) {
    func path(_ context: DecodingError.Context) -> String {
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    }
    switch error {
    case .keyNotFound(let key, let context):
      self.init(description: "'\(key.stringValue)' is missing in the object '\(path(context))'")
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      self.init(description: "'\(path(context))' is no \(type)")
    case .dataCorrupted(let context):
      self.init(description: context.codingPath.isEmpty ? "it is not JSON" : "'\(path(context))' is damaged")
    @unknown default: self.init(description: "\(error)")
    }
  }
}
