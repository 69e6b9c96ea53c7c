import CWASI
import Glibc
import Interpreter
import Support

/// The runtime's WASI, bound to a store of the interpreter: one context, and a function of the host for each import.
final class WASIBinding {
  /// What `proc_exit` throws through the guest.
  struct Exit: Error { var status: UInt32 }

  private let context: OpaquePointer
  private let memory: UnsafeMutableRawPointer
  private let arguments: CStringArray
  private let variables: CStringArray
  private let names: CStringArray

  /// Opens the directories that are granted.
  init(arguments: [String], grants: Grants, environment: [String: String]) throws(Problem) {
    let size = wasmaot_wasi_size()
    memory = .allocate(byteCount: size, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    context = OpaquePointer(memory)
    self.arguments = CStringArray(arguments)
    // A variable that is to be inherited and is not set is none.
    variables = CStringArray(
      grants.environment.compactMap { grant in
        (grant.value ?? environment[grant.name]).map { "\(grant.name)=\($0)" }
      })
    names = CStringArray(grants.directories.map(\.guest))
    wasmaot_wasi_start(context, false)
    wasmaot_wasi_set_arguments(context, UInt32(arguments.count), self.arguments.pointer)
    wasmaot_wasi_set_variables(context, UInt32(variables.count), variables.pointer)
    // Before the directories, so that none of them passes for a standard stream that is closed.
    for host in 0..<Int32(3) { wasmaot_wasi_add_stream(context, host) }
    for (index, grant) in grants.directories.enumerated() {
      let host = open(grant.host, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard host >= 0 else {
        throw Problem(
          "cannot open the granted directory '\(grant.host)': \(String(cString: strerror(errno)))")
      }
      guard wasmaot_wasi_add_directory(context, host, names[index], grant.isReadOnly) else {
        throw Problem("too many directories are granted")
      }
    }
    for grant in grants.listeners {
      let host = wasmaot_wasi_listen(grant.address)
      guard host >= 0 else {
        throw Problem("cannot listen at \(grant.address): \(String(cString: strerror(-host)))")
      }
      guard wasmaot_wasi_add_listener(context, host) else { throw Problem("too many sockets are granted") }
    }
    if grants.hasRawTerminal { wasmaot_wasi_set_raw_terminal(context) }
    // Writing to a closed pipe is an error that the guest sees (EPIPE), not the end of the process.
    signal(SIGPIPE, SIG_IGN)
  }

  deinit {
    wasmaot_wasi_end(context)
    memory.deallocate()
  }

  /// The function that the runtime's archive has under this symbol, bound to the context.
  func function(_ symbol: String) -> ((HostCall) throws -> Void)? {
    let name = symbol.dropFirst("wasmaot_wasi_".count)
    let context = context
    switch name {
    case "proc_exit":
      return { call in
        wasmaot_wasip1_proc_exit(context, call.slots.i32(0))
        var status: UInt32 = 0
        _ = wasmaot_wasi_has_exited(context, &status)
        throw Exit(status: status)
      }
    case "sched_yield": return { $0.slots[0] = UInt64(wasmaot_wasip1_sched_yield(context)) }
    // The interpreter has one thread: none can be started.
    case "thread_spawn": return { $0.slots[0] = UInt64(UInt32(bitPattern: -1)) }
    default:
      guard let binding = Self.bindings[String(name)] else { return nil }
      return { call in
        if let location = call.memory?.location {
          wasmaot_wasi_set_memory(context, location.base, location.byteCount)
        }
        call.slots[0] = UInt64(binding(context, call.slots))
      }
    }
  }

  // MARK: - Functions

  private typealias Slots = UnsafeMutablePointer<UInt64>
  typealias Binding = @Sendable (OpaquePointer, UnsafeMutablePointer<UInt64>) -> UInt32

  /// By the name in `wasmaot_wasi_functions.h`.
  static let bindings: [String: Binding] = [
    "args_get": bind(wasmaot_wasip1_args_get),
    "args_sizes_get": bind(wasmaot_wasip1_args_sizes_get),
    "clock_res_get": bind(wasmaot_wasip1_clock_res_get),
    "clock_time_get": bind(wasmaot_wasip1_clock_time_get),
    "proc_raise": bind(wasmaot_wasip1_proc_raise),
    "random_get": bind(wasmaot_wasip1_random_get),
    "environ_get": bind(wasmaot_wasip1_environ_get),
    "environ_sizes_get": bind(wasmaot_wasip1_environ_sizes_get),
    "fd_advise": bind(wasmaot_wasip1_fd_advise),
    "fd_allocate": bind(wasmaot_wasip1_fd_allocate),
    "fd_close": bind(wasmaot_wasip1_fd_close),
    "fd_datasync": bind(wasmaot_wasip1_fd_datasync),
    "fd_fdstat_get": bind(wasmaot_wasip1_fd_fdstat_get),
    "fd_fdstat_set_flags": bind(wasmaot_wasip1_fd_fdstat_set_flags),
    "fd_fdstat_set_rights": bind(wasmaot_wasip1_fd_fdstat_set_rights),
    "fd_filestat_get": bind(wasmaot_wasip1_fd_filestat_get),
    "fd_filestat_set_size": bind(wasmaot_wasip1_fd_filestat_set_size),
    "fd_filestat_set_times": bind(wasmaot_wasip1_fd_filestat_set_times),
    "fd_pread": bind(wasmaot_wasip1_fd_pread),
    "fd_prestat_dir_name": bind(wasmaot_wasip1_fd_prestat_dir_name),
    "fd_prestat_get": bind(wasmaot_wasip1_fd_prestat_get),
    "fd_pwrite": bind(wasmaot_wasip1_fd_pwrite),
    "fd_read": bind(wasmaot_wasip1_fd_read),
    "fd_readdir": bind(wasmaot_wasip1_fd_readdir),
    "fd_renumber": bind(wasmaot_wasip1_fd_renumber),
    "fd_seek": bind(wasmaot_wasip1_fd_seek),
    "fd_sync": bind(wasmaot_wasip1_fd_sync),
    "fd_tell": bind(wasmaot_wasip1_fd_tell),
    "fd_write": bind(wasmaot_wasip1_fd_write),
    "path_create_directory": bind(wasmaot_wasip1_path_create_directory),
    "path_filestat_get": bind(wasmaot_wasip1_path_filestat_get),
    "path_filestat_set_times": bind(wasmaot_wasip1_path_filestat_set_times),
    "path_link": bind(wasmaot_wasip1_path_link),
    "path_open": bind(wasmaot_wasip1_path_open),
    "path_readlink": bind(wasmaot_wasip1_path_readlink),
    "path_remove_directory": bind(wasmaot_wasip1_path_remove_directory),
    "path_rename": bind(wasmaot_wasip1_path_rename),
    "path_symlink": bind(wasmaot_wasip1_path_symlink),
    "path_unlink_file": bind(wasmaot_wasip1_path_unlink_file),
    "poll_oneoff": bind(wasmaot_wasip1_poll_oneoff),
    "sock_accept": bind(wasmaot_wasip1_sock_accept),
    "sock_recv": bind(wasmaot_wasip1_sock_recv),
    "sock_send": bind(wasmaot_wasip1_sock_send),
    "sock_shutdown": bind(wasmaot_wasip1_sock_shutdown),
    "unstable_fd_filestat_get": bind(wasmaot_wasip1_unstable_fd_filestat_get),
    "unstable_fd_seek": bind(wasmaot_wasip1_unstable_fd_seek),
    "unstable_path_filestat_get": bind(wasmaot_wasip1_unstable_path_filestat_get),
    "unstable_poll_oneoff": bind(wasmaot_wasip1_unstable_poll_oneoff),
  ]

  // One for each signature of wasmaot_wasi_signatures.h; the compiler picks by the function's type.
  private typealias W = UInt32
  private typealias L = UInt64
  private typealias C = OpaquePointer?

  private static func bind(_ f: @escaping @Sendable (C, W) -> UInt32) -> Binding { { f($0, $1.i32(0)) } }
  private static func bind(_ f: @escaping @Sendable (C, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, L) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1[1]) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, L, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1[1], $1.i32(2)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, L, L) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1[1], $1[2]) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1.i32(3)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, L, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1[1], $1.i32(2), $1.i32(3)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, L, L, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1[1], $1[2], $1.i32(3)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1.i32(3), $1.i32(4)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, L, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1[3], $1.i32(4)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, W, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1.i32(3), $1.i32(4), $1.i32(5)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, W, W, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1.i32(3), $1.i32(4), $1.i32(5), $1.i32(6)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, W, L, L, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1.i32(3), $1[4], $1[5], $1.i32(6)) }
  }
  private static func bind(_ f: @escaping @Sendable (C, W, W, W, W, W, L, L, W, W) -> UInt32) -> Binding {
    { f($0, $1.i32(0), $1.i32(1), $1.i32(2), $1.i32(3), $1.i32(4), $1[5], $1[6], $1.i32(7), $1.i32(8)) }
  }
}

extension UnsafeMutablePointer<UInt64> {
  fileprivate func i32(_ index: Int) -> UInt32 { UInt32(truncatingIfNeeded: self[index]) }
}

/// Strings for C, which keeps them.
private final class CStringArray {
  let count: Int
  private let strings: UnsafeMutablePointer<UnsafePointer<CChar>?>

  init(_ texts: [String]) {
    count = texts.count
    strings = .allocate(capacity: max(1, texts.count))
    for (index, text) in texts.enumerated() { (strings + index).initialize(to: UnsafePointer(strdup(text))) }
  }

  deinit {
    for index in 0..<count { free(UnsafeMutablePointer(mutating: strings[index])) }
    strings.deallocate()
  }

  var pointer: UnsafePointer<UnsafePointer<CChar>?> { UnsafePointer(strings) }
  subscript(index: Int) -> UnsafePointer<CChar>? { strings[index] }
}
