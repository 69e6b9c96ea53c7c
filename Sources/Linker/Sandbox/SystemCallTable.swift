/// Which system calls an app makes once its guest runs: a row for each host function and for each part of the
/// runtime. An app's filter allows the rows of what is linked into it, and nothing else; who adds a system call to
/// the runtime adds it here.
///
/// Whatever the rows say, no app ever gets execve, fork, ptrace, process_vm_*, kill, bpf, io_uring, userfaultfd, or
/// memory that can be executed: SystemCallTableTests has the list.
enum SystemCallTable {
  // MARK: Host functions

  /// By the names of wasi_snapshot_preview1, which wasi_unstable shares.
  static let hostFunctions: [String: [CallRule]] = [
    "args_get": [],
    "args_sizes_get": [],
    "clock_res_get": [CallRule("clock_getres")],
    "clock_time_get": readClock,
    "environ_get": [],
    "environ_sizes_get": [],
    "fd_advise": stream + [CallRule("fadvise64")],
    "fd_allocate": stream + [CallRule("fallocate", .int(1, is: 0))],
    "fd_close": stream + [CallRule("close")],
    "fd_datasync": stream + [CallRule("fdatasync")],
    "fd_fdstat_get": stream
      + [CallRule("fstat"), socketOption],
    // A stream whose flags are others' as well is appended to by itself, once the guest has asked for that here.
    "fd_fdstat_set_flags": stream
      + [
        CallRule("fcntl", .int(1, is: F.SETFL), .int(2, within: F.O_APPEND | F.O_NONBLOCK)),
        CallRule("pwritev2", .int(5, is: F.RWF_APPEND)),
      ],
    "fd_fdstat_set_rights": stream,
    "fd_filestat_get": stream + [CallRule("fstat")],
    "fd_filestat_set_size": stream + [CallRule("ftruncate")],
    // Of the descriptor itself: no path.
    "fd_filestat_set_times": stream + [CallRule("utimensat", .word(1, is: 0), .int(3, is: 0))],
    "fd_pread": stream + [CallRule("preadv")],
    "fd_prestat_dir_name": stream,
    "fd_prestat_get": stream,
    "fd_pwrite": stream + [CallRule("pwritev")],
    "fd_read": transfer + [CallRule("readv")],
    "fd_readdir": stream
      + [
        CallRule("lseek", .int(2, is: F.SEEK_SET)), CallRule("getdents64"),
        CallRule("newfstatat", .int(3, is: F.AT_SYMLINK_NOFOLLOW)),
        // A page for entries, one a descriptor.
        CallRule("mmap", .word(0, is: 0), readWrite, .word(3, is: F.mapPrivate)),
      ],
    "fd_renumber": stream + [CallRule("close")],
    "fd_seek": stream + [CallRule("lseek")],
    "fd_sync": stream + [CallRule("fsync")],
    "fd_tell": stream,
    // Not write, for any descriptor, because it is needed: writev does all that it does, and without a condition on
    // the descriptor (RuntimeFeature.always) the filter is shorter.
    "fd_write": transfer + [CallRule("writev"), CallRule("write")],
    "path_create_directory": paths + [CallRule("mkdirat")],
    "path_filestat_get": paths,
    "path_filestat_set_times": paths + [CallRule("utimensat", .int(3, is: F.AT_EMPTY_PATH))],
    "path_link": paths + [CallRule("linkat", .int(4, is: 0))],
    "path_open": paths + newDescriptor + [CallRule("fstatfs")],
    "path_readlink": paths,
    "path_remove_directory": paths + [CallRule("unlinkat", .int(2, is: F.AT_REMOVEDIR))],
    "path_rename": paths + [CallRule("renameat")],
    "path_symlink": paths + [CallRule("symlinkat")],
    "path_unlink_file": paths + [CallRule("unlinkat", .int(2, is: 0))],
    "poll_oneoff": stream + readClock
      + [CallRule("ppoll"), CallRule("fstat"), CallRule("ioctl", .int(1, is: F.FIONREAD))],
    "proc_exit": [],
    "proc_raise": [],
    "random_get": [CallRule("getrandom", .int(2, is: 0))],
    "sched_yield": [CallRule("sched_yield")],
    "sock_accept": transfer + newDescriptor
      + [CallRule("fstat"), CallRule("accept4", .int(3, within: F.O_CLOEXEC | F.O_NONBLOCK))],
    "sock_recv": transfer
      + [CallRule("fstat"), CallRule("recvmsg", .int(2, within: F.MSG_PEEK | F.MSG_WAITALL))],
    "sock_send": transfer + [CallRule("fstat"), CallRule("sendmsg", .int(2, is: F.MSG_NOSIGNAL))],
    "sock_shutdown": stream + [CallRule("fstat"), CallRule("shutdown")],
    "thread-spawn": threads,
  ]

  /// What the descriptor table asks about a standard stream when the guest first uses it.
  static let stream = [
    CallRule("fcntl", .int(1, is: F.GETFL)), CallRule("lseek", .word(1, is: 0), .int(2, is: F.SEEK_CUR)),
    CallRule("ioctl", .int(1, is: F.TCGETS)),
  ]

  /// Streams whose non-blocking flag is others' as well: the runtime waits for them by itself.
  private static let transfer = stream + [CallRule("ppoll")]

  /// Is a socket one of streams? Other levels than the socket's own have options that do things (SCTP's make
  /// descriptors); the level's own tell about a socket that the program has anyway, so which one does not matter.
  private static let socketOption = CallRule("getsockopt", .int(1, is: F.SOL_SOCKET))

  /// A number that is not one of the standard streams'.
  private static let newDescriptor = [
    CallRule("fcntl", .int(1, is: F.DUPFD_CLOEXEC), .int(2, is: 3)), CallRule("close"),
  ]

  /// Path resolution: the kernel's own, or the walk where it has none. These are the calls that Landlock stops
  /// outside of the grants.
  private static let paths =
    stream + [
      CallRule("openat2"), CallRule("openat"), CallRule("readlinkat"), CallRule("close"), CallRule("fstat"),
    ]

  /// The vDSO reads clocks without a system call, unless the host's clock source or the clock asked for makes that
  /// impossible: then it makes this one.
  private static let readClock = [CallRule("clock_gettime")]

  /// A thread's stack of wasm, libc's pthread_create and its mutexes, and the end of a thread.
  private static let threads =
    [
      CallRule("mmap", .word(0, is: 0), .word(2, is: F.PROT_NONE), .word(3, is: F.mapStack)),
      CallRule("mmap", .word(0, is: 0), .word(2, is: F.PROT_NONE), .word(3, is: F.mapPrivate)),
      CallRule("mmap", .word(0, is: 0), readWrite, .word(3, is: F.mapPrivate)),
      CallRule("mprotect", readWrite), CallRule("munmap"), CallRule("sigaltstack"),
      CallRule("rt_sigprocmask"),
      // A thread of this process, and in no new namespace: no other kind of child.
      CallRule("clone", ArgumentCondition(argument: 0, mask: ~F.cloneSettings, value: F.cloneThread)),
      CallRule("exit"),
      CallRule("futex", .int(1, is: F.FUTEX_WAIT)), CallRule("futex", .int(1, is: F.FUTEX_WAKE)),
      CallRule("futex", .int(1, is: F.FUTEX_WAIT | F.FUTEX_PRIVATE)),
      CallRule("futex", .int(1, is: F.FUTEX_WAKE | F.FUTEX_PRIVATE)),
      // The end waits for another thread's report with a timeout (see atomicWaits).
      CallRule("restart_syscall"),
    ] + glibcThreads

  /// glibc asks for clone3 first, whose arguments no filter sees. Its pthread_create allocates: the heap of malloc by brk,
  /// those of other threads from address space that is opened by mprotect, of which there are as many as CPUs; it says where
  /// that should lie, but without MAP_FIXED nothing is replaced there. Where it can't make guard pages of a stack by
  /// MADV_GUARD_INSTALL, whose error it expects, it does so by mprotect. It installs its handler for changes of user IDs.
  private static let glibcThreads = [
    CallRule("clone3", action: .fail(38 /* ENOSYS */)), CallRule("set_robust_list"), CallRule("rseq"),
    CallRule("brk"), CallRule("sched_getaffinity"),
    CallRule("rt_sigaction", .int(0, is: 33 /* SIGSETXID */)),
    CallRule("mmap", .word(2, is: F.PROT_NONE), .word(3, is: F.mapPrivate | F.MAP_NORESERVE)),
    CallRule("mmap", .word(0, is: 0), readWrite, .word(3, is: F.mapPrivate | F.MAP_STACK)),
    CallRule("mprotect", .word(2, is: F.PROT_NONE)),
    CallRule("madvise", .int(2, is: F.MADV_DONTNEED)),
    CallRule("madvise", .int(2, is: F.MADV_GUARD_INSTALL), action: .fail(22 /* EINVAL */)),
    CallRule(
      "mmap", .word(0, is: 0), .word(2, is: F.PROT_NONE), .word(3, is: F.mapPrivate | F.MAP_STACK)),
  ]

  // MARK: Parts of the runtime

  static func rules(of feature: RuntimeFeature) -> [CallRule] {
    switch feature {
    case .always:
      // Every app can end, and can say why. (A trap's message; writing elsewhere needs a host function.)
      [CallRule("exit_group"), CallRule("write", .int(0, is: 2))]
    case .faultHandlers:
      // A handler hands on what is no trap by restoring the default action and returning. Which signal's action does
      // not matter: it is this process's own, and who can return from a signal that never was (rt_sigreturn restores
      // whatever mask the stack says) can hold back every signal that can be held back. For the same reason
      // rt_sigprocmask, which lies between the two numbers, adds nothing but a shorter filter.
      [CallRule("rt_sigreturn"), CallRule("rt_sigaction"), CallRule("rt_sigprocmask")]
    case .growsInPlace(let start, let size):
      [CallRule("mprotect", .address(0, in: start, size: size), readWrite)]
    case .growsByMapping(let start, let size):
      // Where memories lie, and never over what is there. No mremap: it would lengthen the mapping of the program's
      // code over data that follows in its file, which could be executed then.
      [
        CallRule(
          "mmap", .address(0, in: start, size: size), readWrite,
          .word(3, is: F.mapPrivate | F.MAP_NORESERVE | F.MAP_FIXED_NOREPLACE))
      ]
    case .growsSharedMemory: [CallRule("mprotect", readWrite)]
    case .growsTables: [anonymousMemory(readWrite), CallRule("munmap")]
    case .exceptions:
      [anonymousMemory(.word(2, is: F.PROT_NONE)), CallRule("mprotect", readWrite)]
    case .atomicWaits:
      // A wait that a stopped process slept through goes on by restart_syscall.
      futex + readClock + [CallRule("restart_syscall")]
    case .timeout: [CallRule("rt_sigreturn")]
    case .invoke: [CallRule("write", .int(0, is: 1))]
    case .script:
      [
        CallRule("read", .int(0, is: 0)), CallRule("write", .int(0, is: 1)), CallRule("rt_sigprocmask"),
      ]
    }
  }

  private static let readWrite = ArgumentCondition.word(2, is: F.PROT_READ | F.PROT_WRITE)

  /// New memory: never at an address of the caller's choice, where it could replace what is there, and never a
  /// file's contents.
  private static func anonymousMemory(_ protection: ArgumentCondition) -> CallRule {
    CallRule("mmap", .word(0, is: 0), protection, .word(3, is: F.mapPrivate | F.MAP_NORESERVE))
  }

  private static let futex = [
    CallRule("futex", .int(1, is: F.FUTEX_WAKE | F.FUTEX_PRIVATE)),
    CallRule("futex", .int(1, is: F.FUTEX_WAIT_BITSET | F.FUTEX_PRIVATE)),
  ]
}

/// What an app has besides host functions that makes system calls.
public enum RuntimeFeature: Hashable, Sendable {
  case always
  /// Traps are faults: not with explicit bounds checks.
  case faultHandlers
  /// A memory in a reservation at a known address can grow.
  case growsInPlace(start: UInt64, size: UInt64)
  /// A memory without a reservation, at an address in a known area, can grow.
  case growsByMapping(start: UInt64, size: UInt64)
  /// One that others see, whose address is chosen at start.
  case growsSharedMemory
  case growsTables
  case exceptions
  case atomicWaits
  /// A timer ends the program; it was set before the filter.
  case timeout
  case invoke
  case script
}

/// Constants of the kernel's interface on x86-64.
private enum F {
  static let PROT_NONE: UInt64 = 0, PROT_READ: UInt64 = 1, PROT_WRITE: UInt64 = 2
  static let MAP_PRIVATE: UInt64 = 0x2, MAP_ANONYMOUS: UInt64 = 0x20, MAP_NORESERVE: UInt64 = 0x4000
  static let MAP_STACK: UInt64 = 0x20000, MAP_FIXED_NOREPLACE: UInt64 = 0x100000
  static let mapPrivate = MAP_PRIVATE | MAP_ANONYMOUS
  static let mapStack = mapPrivate | MAP_NORESERVE | MAP_STACK
  static let MADV_DONTNEED: UInt32 = 4, MADV_GUARD_INSTALL: UInt32 = 102
  /// CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: what makes a child a thread.
  static let cloneThread: UInt64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000
  /// CLONE_SETTLS, PARENT_SETTID, CHILD_CLEARTID, DETACHED: how libc learns of its beginning and its end.
  static let cloneSettings: UInt64 = 0x80000 | 0x100000 | 0x200000 | 0x400000
  static let GETFL: UInt32 = 3, SETFL: UInt32 = 4, DUPFD_CLOEXEC: UInt32 = 1030
  static let O_APPEND: UInt32 = 0x400, O_NONBLOCK: UInt32 = 0x800, O_CLOEXEC: UInt32 = 0x80000
  static let SEEK_SET: UInt32 = 0, SEEK_CUR: UInt32 = 1
  static let AT_SYMLINK_NOFOLLOW: UInt32 = 0x100, AT_REMOVEDIR: UInt32 = 0x200, AT_EMPTY_PATH: UInt32 = 0x1000
  static let FIONREAD: UInt32 = 0x541B, TCGETS: UInt32 = 0x5401
  static let RWF_APPEND: UInt32 = 0x10
  static let SOL_SOCKET: UInt32 = 1
  static let MSG_PEEK: UInt32 = 0x2, MSG_WAITALL: UInt32 = 0x100, MSG_NOSIGNAL: UInt32 = 0x4000
  static let FUTEX_WAIT: UInt32 = 0, FUTEX_WAKE: UInt32 = 1, FUTEX_WAIT_BITSET: UInt32 = 9,
    FUTEX_PRIVATE: UInt32 = 128
}
