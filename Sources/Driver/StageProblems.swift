import IR
import LLVMBackend
import Linker
import Support
import Translate
import WasmModule

/// Makes problems of the errors of the front-end stages, which speak of offsets and indices.
struct ModuleSource {
  let file: String
  /// Names of functions, once they are known.
  private var names: (FuncIdx) -> String? = { _ in nil }

  init(file: String) { self.file = file }

  /// The same source with the names of the module's functions.
  func named(by module: WasmModule.Module) -> ModuleSource {
    var source = self
    source.names = { function in
      // Made only when there is something to report.
      (NameSection(module).name(of: function)
        ?? module.exportedFunctions.first { $0.function == function }?.name)?.description
    }
    return source
  }

  private func location(offset: Int?, section: String? = nil, function: FuncIdx?) -> Location {
    Location(
      file: file, offset: offset, section: section, functionIndex: function?.rawValue,
      functionName: function.flatMap(names))
  }

  func problem(_ error: WasmError) -> Problem {
    let detail = error.detail.isEmpty ? "" : " (\(error.detail))"
    var problem = Problem(
      error.message + detail,
      location: location(offset: error.offset, section: error.section?.name, function: error.function))
    switch error.kind {
    case .malformed:
      problem.summary = "malformed module: " + problem.summary
      let isCut = error.message.contains("unexpected end") || error.message.contains("length out of bounds")
      problem.help =
        isCut
        ? "the file may be truncated: check that it was written or downloaded completely"
        : "check the file with 'wasm-tools validate', and report it to the tool that made it"
    case .invalid:
      problem.summary = "invalid module: " + problem.summary
      problem.help = "report it to the tool that made the module"
    case .unsupportedFeature(let features):
      let names = features.names.joined(separator: ", ")
      problem.help =
        features.isSubset(of: .supported)
        ? "-W or --features forbids it; -W \(names)=y allows it"
        : "wasmaot does not support \(names) yet; turn it off where the module is compiled"
    case .limitExceeded: problem.help = "wasmaot has the limits that browsers have"
    case .notWasm, .component: break
    }
    return problem
  }

  func problem(_ error: TranslationError) -> Problem {
    switch error {
    case .unresolvedImports(let imports): return problem(imports)
    case .unsupported(let what, let place):
      return Problem(
        "\(what) not supported yet", location: location(offset: place.offset, function: place.function))
    case .unfitForThreads(let what):
      return Problem(
        what, location: location(offset: nil, function: nil),
        help:
          "build the program for wasm32-wasi-threads: with -pthread, -Wl,--import-memory and -Wl,--shared-memory"
      )
    case .tooLarge(let what): return Problem(what, location: location(offset: nil, function: nil))
    }
  }

  /// One problem for all imports that nothing provides: one line each, and help for each toolchain.
  func problem(_ imports: [UnresolvedImport]) -> Problem {
    var help: [String] = []
    var notes: [String] = []
    let limit = 20
    for entry in imports {
      if notes.count < limit { notes.append("\(entry)") }
      let words: String?
      if case .function(let type) = entry.type,
        let known = HostFunctions.find(module: entry.module, name: entry.name), known.type != type
      {
        words = "\(entry.module).\(entry.name) has the type \(known.type)"
      } else if case .memory(let type) = entry.type, !type.isShared {
        words =
          "the only memory that a program can import is a shared one: link with -Wl,--shared-memory, or without -Wl,--import-memory"
      } else {
        words = ImportOrigin(module: entry.module.string, name: entry.name.string).help
      }
      if let words, !help.contains(words) { help.append(words) }
    }
    if imports.count > limit { notes.append("… and \(imports.count - limit) more") }
    if help.isEmpty {
      help = [
        "wasmaot provides WASI preview 1; with --stub-imports=trap other functions trap when they are called"
      ]
    }
    let summary =
      imports.count == 1
      ? "unknown import \(imports[0].module).\(imports[0].name)" : "\(imports.count) unknown imports"
    return Problem(
      summary, location: Location(file: file, section: "import"), notes: notes,
      help: help.prefix(3).joined(separator: "\n      "))
  }
}

extension Problem {
  init(_ error: BackendError) {
    switch error {
    case .unsupportedTarget: self = .usage(error.description)
    case .unknownCPU: self = .usage(error.description)
    case .unsupported: self.init(error.description)
    case .noLLVM:
      self.init(
        error.description,
        help: "install it (Debian, Ubuntu: package libllvm\(LLVMInfo.major)), or set LD_LIBRARY_PATH")
    case .internalError:
      self.init(
        error.description, help: "this is a bug in wasmaot: please report it with the module")
    }
  }

  init(_ error: PassError) {
    self.init(
      "internal error in simplification: \(error)",
      help: "this is a bug in wasmaot: please report it with the module")
  }

  init(_ error: LinkError) { self.init(error.description) }
  init(_ error: RuntimeConfigError) { self = .usage(error.description) }
}
