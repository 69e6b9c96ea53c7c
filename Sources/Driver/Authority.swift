/// What a WASI import lets a program do, in words: the question a reviewer asks about a module.
enum Authority: Int, CaseIterable {
  case standardStreams, arguments, environment, files, changesFiles, clocks, random, waits, sockets, threads,
    exits
  /// Asks for nothing worth a word.
  case bookkeeping

  /// A sentence without subject, as in "the module …".
  var words: String {
    switch self {
    case .standardStreams:
      "reads and writes descriptors that it holds (standard input, output and error, opened files)"
    case .arguments: "reads its command-line arguments"
    case .environment: "reads the environment variables granted to it"
    case .files: "opens, reads and writes files in granted directories"
    case .changesFiles: "creates, removes, renames or links files in granted directories"
    case .clocks: "reads the clock"
    case .random: "reads random numbers from the system"
    case .waits: "waits for time to pass or for input"
    case .sockets: "uses sockets that it is given"
    case .threads: "starts threads"
    case .exits: "exits with a status"
    case .bookkeeping: ""
    }
  }

  /// WASI preview 1's functions, all of them, by name.
  static let wasiFunctions: [String: Authority] = [
    "args_get": .arguments, "args_sizes_get": .arguments,
    "environ_get": .environment, "environ_sizes_get": .environment,
    "clock_res_get": .clocks, "clock_time_get": .clocks,
    "fd_advise": .files, "fd_allocate": .files, "fd_close": .bookkeeping, "fd_datasync": .files,
    "fd_fdstat_get": .bookkeeping, "fd_fdstat_set_flags": .bookkeeping, "fd_fdstat_set_rights": .bookkeeping,
    "fd_filestat_get": .bookkeeping, "fd_filestat_set_size": .files, "fd_filestat_set_times": .files,
    "fd_pread": .files, "fd_prestat_get": .bookkeeping, "fd_prestat_dir_name": .bookkeeping,
    "fd_pwrite": .files,
    "fd_read": .standardStreams, "fd_readdir": .files, "fd_renumber": .bookkeeping, "fd_seek": .bookkeeping,
    "fd_sync": .files, "fd_tell": .bookkeeping, "fd_write": .standardStreams,
    "path_create_directory": .changesFiles, "path_filestat_get": .files,
    "path_filestat_set_times": .changesFiles, "path_link": .changesFiles, "path_open": .files,
    "path_readlink": .files, "path_remove_directory": .changesFiles, "path_rename": .changesFiles,
    "path_symlink": .changesFiles, "path_unlink_file": .changesFiles,
    "poll_oneoff": .waits, "proc_exit": .exits, "proc_raise": .exits, "sched_yield": .bookkeeping,
    "random_get": .random,
    "sock_accept": .sockets, "sock_recv": .sockets, "sock_send": .sockets, "sock_shutdown": .sockets,
  ]

  static func isWASI(module: String) -> Bool {
    module == "wasi_snapshot_preview1" || module == "wasi_unstable"
  }

  /// What the imports ask for together, in the order of the cases.
  static func asked(by imports: some Sequence<(module: String, name: String)>) -> [Authority] {
    var asked: Set<Authority> = []
    for (module, name) in imports {
      if isWASI(module: module), let authority = wasiFunctions[name] { asked.insert(authority) }
      if module == "wasi", name == "thread-spawn" { asked.insert(.threads) }
    }
    return allCases.filter { $0 != .bookkeeping && asked.contains($0) }
  }
}
