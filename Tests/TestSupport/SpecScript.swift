public import FoundationEssentials

/// One file of the specification's test suite, as `wasm-tools json-from-wast` converts it.
public struct SpecScript: Decodable {
  public var commands: [Command]

  public struct Command: Decodable {
    public var type: String
    public var line: Int
    /// A module, beside the script.
    public var filename: String?
    /// `binary`, or `text` where only the text format is meant.
    public var moduleType: String?
    /// The error that is expected, in the reference interpreter's words.
    public var text: String?

    enum CodingKeys: String, CodingKey {
      case type, line, filename, text
      case moduleType = "module_type"
    }
  }

  /// The scripts of a suite (`core`, `threads`, …) with their folders, by name.
  public static func scripts(of suite: String) throws -> [(name: String, folder: URL)] {
    let folder = try TestData.find().appendingPathComponent("spec/\(suite)")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
      ($0, folder.appendingPathComponent($0))
    }
  }

  public static func load(_ name: String, in folder: URL) throws -> SpecScript {
    try JSONDecoder().decode(
      SpecScript.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
  }
}
