public import Support

/// A value type of the core specification, by its byte in the binary format.
public enum HostValueType: UInt8, Hashable, Sendable {
  case i32 = 0x7F
  case i64 = 0x7E
}

/// A function that the runtime archive provides to modules that import it.
public struct HostFunction: Equatable, Sendable {
  public let module: ByteString
  public let name: ByteString
  public let params: [HostValueType]
  public let results: [HostValueType]
  /// C symbol in the runtime archive.
  public let symbol: String
}

/// WASI preview 1, its predecessor `wasi_unstable`, and wasi-threads.
public enum HostFunctions {
  /// Signatures as letters: `i` is i32, `I` is i64; results after the colon. `differs` marks a function
  /// whose layout in wasi_unstable is another, and which therefore has a symbol of its own there.
  private static let wasi: [(name: String, signature: String, differs: Bool)] = [
    ("args_get", "ii:i", false),
    ("args_sizes_get", "ii:i", false),
    ("clock_res_get", "ii:i", false),
    ("clock_time_get", "iIi:i", false),
    ("environ_get", "ii:i", false),
    ("environ_sizes_get", "ii:i", false),
    ("fd_advise", "iIIi:i", false),
    ("fd_allocate", "iII:i", false),
    ("fd_close", "i:i", false),
    ("fd_datasync", "i:i", false),
    ("fd_fdstat_get", "ii:i", false),
    ("fd_fdstat_set_flags", "ii:i", false),
    ("fd_fdstat_set_rights", "iII:i", false),
    ("fd_filestat_get", "ii:i", true),
    ("fd_filestat_set_size", "iI:i", false),
    ("fd_filestat_set_times", "iIIi:i", false),
    ("fd_pread", "iiiIi:i", false),
    ("fd_prestat_dir_name", "iii:i", false),
    ("fd_prestat_get", "ii:i", false),
    ("fd_pwrite", "iiiIi:i", false),
    ("fd_read", "iiii:i", false),
    ("fd_readdir", "iiiIi:i", false),
    ("fd_renumber", "ii:i", false),
    ("fd_seek", "iIii:i", true),
    ("fd_sync", "i:i", false),
    ("fd_tell", "ii:i", false),
    ("fd_write", "iiii:i", false),
    ("path_create_directory", "iii:i", false),
    ("path_filestat_get", "iiiii:i", true),
    ("path_filestat_set_times", "iiiiIIi:i", false),
    ("path_link", "iiiiiii:i", false),
    ("path_open", "iiiiiIIii:i", false),
    ("path_readlink", "iiiiii:i", false),
    ("path_remove_directory", "iii:i", false),
    ("path_rename", "iiiiii:i", false),
    ("path_symlink", "iiiii:i", false),
    ("path_unlink_file", "iii:i", false),
    ("poll_oneoff", "iiii:i", true),
    ("proc_exit", "i:", false),
    ("proc_raise", "i:i", false),
    ("random_get", "ii:i", false),
    ("sched_yield", ":i", false),
    ("sock_accept", "iii:i", false),
    ("sock_recv", "iiiiii:i", false),
    ("sock_send", "iiiii:i", false),
    ("sock_shutdown", "ii:i", false),
  ]

  /// Every function, sorted by module and name.
  public static let all: [HostFunction] = {
    func types(_ letters: Substring) -> [HostValueType] { letters.map { $0 == "I" ? .i64 : .i32 } }
    var functions = [
      HostFunction(
        module: "wasi", name: "thread-spawn", params: [.i32], results: [.i32],
        symbol: "wasmaot_wasi_thread_spawn")
    ]
    for (module, isUnstable) in [("wasi_snapshot_preview1", false), ("wasi_unstable", true)] {
      for row in wasi where !(isUnstable && row.name == "sock_accept") {
        let halves = row.signature.split(separator: ":", omittingEmptySubsequences: false)
        functions.append(
          HostFunction(
            module: ByteString(module), name: ByteString(row.name), params: types(halves[0]),
            results: types(halves[1]),
            symbol: "wasmaot_wasi_" + (isUnstable && row.differs ? "unstable_" : "") + row.name))
      }
    }
    return functions
  }()

  private static let byName: [ByteString: [ByteString: HostFunction]] = Dictionary(
    grouping: all, by: \.module
  ).mapValues { Dictionary(uniqueKeysWithValues: $0.map { ($0.name, $0) }) }

  /// The function that `import module.name` resolves to, or nil. The caller compares the types.
  public static func find(module: ByteString, name: ByteString) -> HostFunction? { byName[module]?[name] }

  private static let namesBySymbol: [String: ByteString] = Dictionary(
    all.map { ($0.symbol, $0.name) }, uniquingKeysWith: { first, _ in first })

  /// The function's name in its module; nil if the runtime has no such function.
  public static func name(ofSymbol symbol: String) -> ByteString? { namesBySymbol[symbol] }

  /// Names of the modules that are provided.
  public static func provides(module: ByteString) -> Bool { byName[module] != nil }
}
