import FoundationEssentials
import TestSupport
import Testing

@testable import WasmModule

/// The modules of the specification's test suite: valid ones are accepted, malformed and invalid ones are
/// rejected, nearly always in the reference interpreter's words.
@Suite struct SpecSuiteTests {
  enum Verdict { case accepted, rejected }

  static func verdict(of command: SpecScript.Command) -> Verdict? {
    guard command.filename != nil, command.moduleType != "text" else { return nil }
    return switch command.type {
    case "module", "module_definition", "assert_unlinkable", "assert_uninstantiable": .accepted
    case "assert_malformed", "assert_invalid": .rejected
    default: nil
    }
  }

  /// Scripts with modules that need proposals which are not supported yet. Such a module must be
  /// rejected for that reason; a script that has none any more must leave the list.
  static let beyondScope: Set<String> = [
    "array", "array_copy", "array_fill", "array_init_data", "array_init_elem", "array_new_data",
    "array_new_elem", "binary-gc", "br_on_cast", "br_on_cast_fail", "extern", "i31", "ref_cast", "ref_eq",
    "ref_null", "ref_test", "struct", "table_init", "table_init64", "type-rec", "type-subtyping",
  ]

  @Test func coreScripts() throws {
    var result = Outcome()
    for (name, folder) in try SpecScript.scripts(of: "core") {
      try result.run(name, folder, features: .supported)
    }
    print("core: \(result.summary)")
    #expect(result.failures.isEmpty, "\(result.failures.joined(separator: "\n"))")
    #expect(result.limited.isEmpty, "rejected for a limit: \(result.limited.sorted())")
    #expect(
      result.scriptsBeyondScope == Self.beyondScope,
      "the list should be \(result.scriptsBeyondScope.sorted())")
    #expect(result.accepted > 1500)
    #expect(result.rejected > 2500)
    // The reference interpreter decodes in another order here and there, so that another error comes first.
    #expect(result.otherWords.count <= 32, "\(result.otherWords.joined(separator: "\n"))")
  }

  /// The threads proposal's scripts are older than several memories and tables, and expect them to be refused.
  @Test(arguments: [
    ("threads", Features.supported.subtracting([.multiMemory, .referenceTypes])),
    ("wide-arithmetic", .supported),
    ("custom-page-sizes", .supported),
    ("custom", .supported),
  ])
  func proposals(suite: String, features: Features) throws {
    var result = Outcome()
    for (name, folder) in try SpecScript.scripts(of: suite) {
      try result.run(name, folder, features: features)
    }
    print("\(suite): \(result.summary)")
    #expect(result.failures.isEmpty, "\(result.failures.joined(separator: "\n"))")
    #expect(result.accepted > 0)
  }

  /// What became of the modules of some scripts.
  struct Outcome {
    var accepted = 0
    var rejected = 0
    var unsupported = 0
    var scriptsBeyondScope: Set<String> = []
    var limited: Set<String> = []
    var otherWords: [String] = []
    var failures: [String] = []

    var summary: String {
      "\(accepted) modules accepted, \(rejected) rejected (\(otherWords.count) in other words), "
        + "\(unsupported) beyond scope in \(scriptsBeyondScope.count) scripts, \(failures.count) failures"
    }

    mutating func run(_ name: String, _ folder: URL, features: Features) throws {
      for command in try SpecScript.load(name, in: folder).commands {
        guard let verdict = SpecSuiteTests.verdict(of: command), let file = command.filename else { continue }
        let place = "\(name):\(command.line)"
        let bytes = try ModuleBytes.map(path: folder.appendingPathComponent(file).path)
        do throws(WasmError) {
          let module = try decodeAndValidate(bytes, features: features)
          if verdict == .accepted {
            accepted += 1
            if let disagreement = readerDisagreement(module) { failures.append("\(place): \(disagreement)") }
          } else {
            failures.append("\(place): accepted, expected '\(command.text ?? "")'")
          }
        } catch {
          switch (error.kind, verdict) {
          case (.unsupportedFeature, _):
            unsupported += 1
            scriptsBeyondScope.insert(name)
          case (.limitExceeded, .accepted): limited.insert(place)
          case (_, .accepted): failures.append("\(place): \(error)")
          case (_, .rejected):
            rejected += 1
            if error.offset < 0 || error.offset > bytes.count
              || error.section == .code && error.kind == .invalid && error.function == nil
            {
              failures.append("\(place): the error has no place: \(error)")
            }
            if !error.message.hasPrefix(command.text ?? "") {
              otherWords.append("\(place): expected '\(command.text ?? "")', got \(error)")
            }
          }
        }
      }
    }
  }
}

/// Reads every body of a valid module with `OperatorReader`; says where it does not arrive at the body's end
/// with all blocks closed, as the validator did.
private func readerDisagreement(_ module: Module) -> String? {
  for index in module.importedFunctionCount..<module.functions.count {
    let function = FuncIdx(index)
    var reader = OperatorReader(module: module, function: function)
    _ = reader.readLocals()
    var depth = 1
    while !reader.isAtEnd {
      let op = reader.next()
      switch op.opcode {
      case .block, .loop, .if, .try: depth += 1
      case .tryTable:
        depth += 1
        if reader.clauses(of: op).count != Int(op.index) { return "function \(index): try_table's clauses" }
      case .end, .delegate: depth -= 1
      case .brTable:
        if reader.targets(of: op).count != Int(op.index) + 1 {
          return "function \(index): br_table's targets"
        }
      default: break
      }
      if (depth == 0) != reader.isAtEnd { return "function \(index): offset \(op.offset), depth \(depth)" }
    }
    if reader.position != module.functions[function].body.end {
      return "function \(index): read past its end"
    }
  }
  return nil
}
