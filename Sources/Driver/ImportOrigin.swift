/// Which toolchain or host an import that nothing provides was made for, told from its names.
enum ImportOrigin: Hashable {
  case wasi(nearest: String?)
  /// A WASI function that exists, but that wasmaot has no implementation of yet.
  case unfinishedWASI
  case wasiThreads
  case emscripten, wasmBindgen, goJS, assemblyScript
  case component
  case unknown

  init(module: String, name: String) {
    if Authority.isWASI(module: module) {
      self =
        Authority.wasiFunctions[name] != nil
        ? .unfinishedWASI : .wasi(nearest: nearest(to: name, among: Authority.wasiFunctions.keys.sorted()))
      return
    }
    switch module {
    case "wasi": self = .wasiThreads
    case "wbg", "__wbindgen_placeholder__", "__wbindgen_externref_xform__", "__wbindgen_anyref_xform__":
      self = .wasmBindgen
    case "go", "gojs": self = .goJS
    case "env" where ["abort", "seed", "trace"].contains(name) || name.hasPrefix("console."):
      self = .assemblyScript
    case "a": self = name.utf8.count <= 2 ? .emscripten : .unknown  // -O3 minifies module and name
    case "env" where Self.isEmscripten(name): self = .emscripten
    default:
      if name.hasPrefix("__wbindgen_") || name.hasPrefix("__wbg_") {
        self = .wasmBindgen
      } else if name.hasPrefix("syscall/js.") || name.hasPrefix("runtime.wasm") {
        self = .goJS
      } else if module.hasPrefix("wasi:") || module.hasPrefix("cm32p2|") || module.hasPrefix("[export]")
        || (module.contains(":") && module.contains("/")) || name.hasPrefix("[")
      {
        self = .component
      } else {
        self = .unknown
      }
    }
  }

  private static func isEmscripten(_ name: String) -> Bool {
    ["emscripten_", "_emscripten_", "invoke_", "__syscall_", "_embind_", "__cxa_", "em_", "gl", "egl"]
      .contains {
        name.hasPrefix($0)
      }
      || ["__assert_fail", "_abort_js", "_tzset_js", "_localtime_js", "getTempRet0", "setTempRet0"].contains(
        name)
  }

  /// What the user should know about it, and do.
  var help: String? {
    switch self {
    case .wasi(let nearest?): "WASI preview 1 has no such function; did you mean '\(nearest)'?"
    case .wasi(nil): "WASI preview 1 has no such function"
    case .unfinishedWASI:
      "this WASI function is not implemented yet; if the program can do without it, build with --stub-imports=trap"
    case .wasiThreads:
      "of the module 'wasi' only thread-spawn is provided (wasi-threads)"
    case .emscripten:
      "the module was built by Emscripten for a JavaScript host: build it with -sSTANDALONE_WASM, or with wasi-sdk"
    case .wasmBindgen:
      "the module was built by wasm-bindgen for a JavaScript host: build for the target wasm32-wasip1 without wasm-bindgen"
    case .goJS: "the module was built by Go for a JavaScript host: build it with GOOS=wasip1 GOARCH=wasm"
    case .assemblyScript:
      "the module was built by AssemblyScript for a JavaScript host: build it with --config of @assemblyscript/wasi-shim, or --use abort="
    case .component:
      "the import is of the component model (WASI preview 2): build the program as a core module for wasm32-wasip1"
    case .unknown: nil
    }
  }
}
