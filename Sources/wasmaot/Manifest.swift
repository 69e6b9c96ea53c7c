import ArgumentParser
import Driver
import FoundationEssentials
import SystemPackage

/// A list of modules to build, as JSON: an object with "format" (1), "modules", and perhaps "defaults".
///
/// A module is an object with "module", perhaps "output", and options of `build` under their names on the command
/// line; they are parsed as they are there. docs/batches.md describes it.
struct Manifest {
  struct Entry {
    var module: String
    var output: String?
    var options: ModuleOptions
  }
  let entries: [Entry]

  /// Relative paths are relative to the manifest's folder.
  init(contentsOf path: String) throws(Problem) {
    let text = try Builder.read(path)
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(text))
    } catch {
      throw Problem(
        "\(path) is not a manifest: \(Self.words(for: error))", help: "docs/batches.md describes its format")
    }
    guard document.format == 1 else {
      throw Problem("\(path) has format \(document.format); this version of wasmaot reads format 1")
    }
    guard !document.modules.isEmpty else { throw Problem("\(path) lists no modules") }
    let folder = FilePath(path).removingLastComponent()
    var entries: [Entry] = []
    for (number, values) in document.modules.enumerated() {
      let file = "\(path), module \(number + 1)"
      var values = (document.defaults ?? [:]).merging(values) { _, own in own }
      func resolved(_ text: String, _ name: String) throws(Problem) -> String {
        guard !text.isEmpty else { throw Problem("\"\(name)\" of \(file) is no path") }
        return folder.pushing(FilePath(text)).string
      }
      func takePath(_ name: String) throws(Problem) -> String? {
        guard let value = values.removeValue(forKey: name) else { return nil }
        guard case .text(let text) = value else { throw Problem("\"\(name)\" of \(file) is no path") }
        return try resolved(text, name)
      }
      guard let module = try takePath("module") else { throw Problem("\(file) has no \"module\"") }
      let output = try takePath("output")
      if let header = try takePath("header") { values["header"] = .text(header) }
      let profiles = "profile-use"
      switch values[profiles] {
      case .text(let text): values[profiles] = .text(try resolved(text, profiles))
      case .list(let texts):
        values[profiles] = .list(try texts.map { text throws(Problem) in try resolved(text, profiles) })
      default: break
      }
      entries.append(
        Entry(module: module, output: output, options: try Self.options(values, file: "\(file) (\(module))")))
    }
    self.entries = entries
  }

  private static func options(_ values: [String: Value], file: String) throws(Problem) -> ModuleOptions {
    // In the order of their names, so that the error for a file is always the same.
    let arguments = values.sorted { $0.key < $1.key }.flatMap { Self.arguments($0.key, $0.value) }
    let options: ModuleOptions
    do {
      options = try ModuleOptions.parse(ProfileOptions.spelledOut(arguments))
    } catch let problem as Problem {
      throw Problem(problem.summary, location: Location(file: file), help: problem.help)
    } catch {
      let problem = Problem.usage(
        parserMessage: ModuleOptions.message(for: error), arguments: ["build"] + arguments)
      throw Problem(problem.summary, location: Location(file: file), help: problem.help)
    }
    if let option = options.codegen.optionOfTheBuild {
      throw Problem(
        "\(option) is about the whole build", location: Location(file: file),
        help: "give it on the command line")
    }
    do throws(Problem) { _ = try options.buildOptions() } catch {
      throw Problem(error.summary, location: Location(file: file), notes: error.notes, help: error.help)
    }
    return options
  }

  /// `"O": 3` is -O3, `"dir": ["a", "b"]` is --dir=a --dir=b, `"symbols": true` is --symbols.
  private static func arguments(_ name: String, _ value: Value) -> [String] {
    let isShort = name.utf8.count == 1
    func argument(_ text: String) -> [String] { isShort ? ["-\(name)\(text)"] : ["--\(name)=\(text)"] }
    switch value {
    case .flag(let isOn): return isOn ? [isShort ? "-\(name)" : "--\(name)"] : []
    case .text(let text): return argument(text)
    case .number(let number): return argument("\(number)")
    case .list(let texts): return texts.flatMap(argument)
    }
  }

  // MARK: - JSON

  private struct Document: Decodable {
    var format: Int
    var defaults: [String: Value]?
    var modules: [[String: Value]]

    enum CodingKeys: String, CodingKey, CaseIterable { case format, defaults, modules }

    init(from decoder: any Decoder) throws {
      // A misspelt key would be ignored without a word.
      for key in try decoder.container(keyedBy: AnyKey.self).allKeys
      where !CodingKeys.allCases.map(\.rawValue).contains(key.stringValue) {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: [key],
            debugDescription: "there is nothing called \"\(key.stringValue)\" in a manifest"))
      }
      let container = try decoder.container(keyedBy: CodingKeys.self)
      format = try container.decode(Int.self, forKey: .format)
      defaults = try container.decodeIfPresent([String: Value].self, forKey: .defaults)
      modules = try container.decode([[String: Value]].self, forKey: .modules)
    }
  }

  private struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  private enum Value: Decodable {
    case flag(Bool)
    case number(Int64)
    case text(String)
    case list([String])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let flag = try? container.decode(Bool.self) {
        self = .flag(flag)
      } else if let number = try? container.decode(Int64.self) {
        self = .number(number)
      } else if let list = try? container.decode([String].self) {
        self = .list(list)
      } else if let text = try? container.decode(String.self) {
        self = .text(text)
      } else {
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "an option is a string, a whole number, a list of strings, true or false")
      }
    }
  }

  private static func words(for error: any Error) -> String {
    guard let error = error as? DecodingError else { return "it is not JSON" }
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.map { $0.intValue.map { "\($0 + 1)" } ?? "\"\($0.stringValue)\"" }
      return path.isEmpty ? "" : " (at \(path.joined(separator: ", ")))"
    }
    switch error {
    case .keyNotFound(let key, let context): return "\"\(key.stringValue)\" is missing\(place(context))"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "a value has the wrong type\(place(context))"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty ? "it is not JSON" : context.debugDescription + place(context)
    @unknown default: return "it is not JSON"
    }
  }
}
