import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Linker

/// A system call as a filter sees it.
private struct Call {
  var number: UInt32
  var arguments: [UInt64] = Array(repeating: 0, count: 6)
  var architecture = auditArchitectureX86_64
}

extension FilterProgram {
  /// What the kernel would do: an interpreter of the instructions.
  fileprivate func answer(to call: Call) throws -> FilterAction {
    var accumulator: UInt32 = 0
    var position = 0
    while true {
      let instruction = instructions[position]
      position += 1
      func jump(_ condition: Bool) {
        position += Int(condition ? instruction.whenTrue : instruction.whenFalse)
      }
      switch instruction.code {
      case FilterInstruction.loadWord:
        accumulator =
          switch try #require(FilterField(offset: instruction.operand)) {
          case .number: call.number
          case .architecture: call.architecture
          case .low(let argument): UInt32(truncatingIfNeeded: call.arguments[argument])
          case .high(let argument): UInt32(call.arguments[argument] >> 32)
          }
      case FilterInstruction.and: accumulator &= instruction.operand
      case FilterInstruction.jump: position += Int(instruction.operand)
      case FilterInstruction.jumpIfEqual: jump(accumulator == instruction.operand)
      case FilterInstruction.jumpIfAtLeast: jump(accumulator >= instruction.operand)
      case FilterInstruction.return: return FilterAction(rawValue: instruction.operand)
      default: Issue.record("unknown instruction \(instruction)")
      }
    }
  }
}

/// What the rules say, without a filter.
private func answer(of rules: [CallRule], to call: Call) -> FilterAction {
  guard call.architecture == auditArchitectureX86_64 else { return .killProcess }
  let rule = rules.first { rule in
    rule.call.number == call.number
      && rule.alternative.conditions.allSatisfy { call.arguments[$0.argument] & $0.mask == $0.value }
  }
  return rule.map { FilterAction($0.alternative.action) } ?? .killProcess
}

/// All that an app can have.
private let everyFeature: [RuntimeFeature] = [
  .always, .faultHandlers, .growsInPlace(start: 0, size: 1 << 34),
  .growsByMapping(start: 1 << 46, size: 1 << 44), .growsSharedMemory, .growsTables, .exceptions, .atomicWaits,
  .timeout, .invoke, .script,
]
private let everyRule =
  everyFeature.flatMap(SystemCallTable.rules(of:))
  + SystemCallTable.hostFunctions.sorted { $0.key < $1.key }.flatMap(\.value)

@Suite struct FilterTests {
  // MARK: The table

  @Test func everyHostFunctionHasARow() {
    #expect(Set(HostFunctions.all.map(\.name.description)) == Set(SystemCallTable.hostFunctions.keys))
  }

  @Test func namesAndNumbersAreTheKernels() {
    let known: [(String, UInt32)] = [
      ("read", 0), ("mprotect", 10), ("rt_sigreturn", 15), ("execve", 59), ("futex", 202),
      ("exit_group", 231), ("openat", 257), ("rseq", 334), ("pidfd_send_signal", 424), ("clone3", 435),
      ("openat2", 437), ("landlock_restrict_self", 446), ("mseal", 462),
    ]
    for (name, number) in known {
      #expect(SystemCall(named: name)?.number == number)
      #expect(SystemCall(number: number).name == name)
    }
    #expect(SystemCall(number: 400).name == "system call 400")
    #expect(SystemCall(named: "spawn") == nil)
  }

  /// Whatever an app has linked in.
  static let forbidden = [
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise",
    "pidfd_getfd", "pidfd_open", "pidfd_send_signal", "kill", "tkill", "tgkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd",
    "perf_event_open", "open", "creat", "memfd_create", "memfd_secret", "mount", "umount2",
    "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "name_to_handle_at", "socket",
    "socketpair",
    "bind", "connect", "listen", "sendmmsg", "sendto", "prctl", "seccomp", "arch_prctl",
    "personality",
    "modify_ldt", "pkey_mprotect", "mremap", "shmat", "remap_file_pages", "setuid", "setgid", "setresuid",
    "capset",
    "add_key", "keyctl", "init_module", "finit_module", "kexec_load", "reboot", "iopl", "ioperm", "dup",
    "dup2",
    "dup3", "sendfile", "splice", "vmsplice", "chmod", "fchmod", "chown", "fchown", "setxattr", "rename",
    "renameat2", "truncate", "chdir", "fchdir", "setrlimit", "prlimit64", "timer_create", "setitimer",
    "uselib",
  ]

  @Test(arguments: forbidden) func isNeverAllowed(call: String) {
    guard let call = SystemCall(named: call) else { return }
    #expect(!everyRule.contains { $0.call == call && $0.alternative.action == .allow })
  }

  @Test(arguments: ["mmap", "mprotect"]) func nothingBecomesExecutable(call: String) throws {
    let filter = FilterProgram(everyRule)
    for flags: UInt64 in [0x22, 0x4022, 0x24022, 0x32, 0x2, 0x1, 0x21] {
      for protection: UInt64 in 4...7 {
        for address: UInt64 in [0, 0x10000, 0x5555_5555_5000] {
          var made = Call(number: SystemCall(named: call)!.number)
          made.arguments = [address, 4096, protection, flags, .max, 0]
          #expect(try filter.answer(to: made) == .killProcess)
        }
      }
    }
  }

  // MARK: Filters

  @Test func helloWorldGetsWhatItNeeds() throws {
    let plan = SandboxPlan(
      mode: .auto, hostFunctions: ["fd_write", "proc_exit"],
      features: [.faultHandlers, .growsInPlace(start: 0, size: 1 << 34)], canHaveDirectories: false)
    #expect(!plan.opensPaths)
    let allowed = try (UInt32(0)..<1024).filter { number in
      var call = Call(number: number)
      // Any arguments that a rule could ask for.
      return try [0, 1, 2, 3, 4, 7, 11].contains { (first: UInt64) in
        try [0, 3].contains { (second: UInt64) in
          try [1, 3].contains { (third: UInt64) in
            call.arguments = [first, second, third, 0, 0, 0]
            return try plan.filter.answer(to: call) == .allow
          }
        }
      }
    }
    #expect(
      allowed.map { SystemCall(number: $0).name } == [
        "write", "lseek", "mprotect", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "writev", "fcntl",
        "exit_group", "ppoll",
      ])
    // Its start is what the length costs.
    #expect(plan.filter.instructions.count <= 36)
  }

  /// What the kernel does when it installs a filter costs an app's start more than most apps' calls win by it.
  @Test func onlyWhoMakesManyCallsIsAskedInAdvance() {
    func start(_ functions: [String], _ features: [RuntimeFeature] = [], canHaveDirectories: Bool = true)
      -> FilterInstruction
    {
      let plan = SandboxPlan(
        mode: .auto, hostFunctions: functions, features: features, canHaveDirectories: canHaveDirectories)
      return plan.filter.instructions[0]
    }
    let anArgument = FilterInstruction.load(.low(argument: 0))
    #expect(start(["fd_write", "proc_exit"]) == anArgument)
    #expect(start(["fd_write", "path_open"], canHaveDirectories: false) == anArgument)
    #expect(start(["fd_write", "path_open"]) == anArgument)
    #expect(start(["fd_write", "sock_recv"]) == .load(.architecture))
    #expect(start(["fd_write"], [.atomicWaits]) == .load(.architecture))
  }

  @Test(arguments: [false, true])
  func otherInterfacesOfTheKernelAreRefused(isAskedInAdvance: Bool) throws {
    let filter = FilterProgram(everyRule, isAskedInAdvance: isAskedInAdvance)
    for number: UInt32 in 0..<512 {
      var call = Call(number: number, architecture: 0x4000_0003 /* AUDIT_ARCH_I386 */)
      #expect(try filter.answer(to: call) == .killProcess)
      call = Call(number: number | 0x4000_0000 /* x32 */)
      #expect(try filter.answer(to: call) == .killProcess)
    }
    #expect(try filter.answer(to: Call(number: .max)) == .killProcess)
  }

  @Test func theFilterSaysWhatTheRulesSay() throws {
    var random = SplitMix64(state: 4)
    for round in 0..<60 {
      var rules = everyRule.filter { _ in random.next() % 3 != 0 }
      // Long filters: comparisons reach 255 instructions only.
      for _ in 0..<(round % 6) * 60 {
        var rule = CallRule("read")
        rule.call = SystemCall(number: UInt32(random.next() % UInt64(SystemCall.end)))
        for _ in 0..<random.next() % 4 {
          let mask: UInt64 = [.max, 0xFFFF_FFFF, 0xF0, 0xFF00_0000_0000].randomElement(using: &random)!
          rule.alternative.conditions.append(
            ArgumentCondition(
              argument: Int(random.next() % 6), mask: mask, value: random.next() % 4 & mask))
        }
        if random.next() % 8 == 0 { rule.alternative.action = .fail(38) }
        rules.append(rule)
      }
      // Where a rule has no conditions, the others for its call say nothing.
      rules.sort { $0.alternative.conditions.isEmpty && !$1.alternative.conditions.isEmpty }
      let filter = FilterProgram(rules, isAskedInAdvance: round % 2 == 0)
      for _ in 0..<4000 {
        var call = Call(number: UInt32(random.next() % UInt64(SystemCall.end + 8)))
        for argument in 0..<6 {
          call.arguments[argument] = [0, 1, 2, 3, 0x22, 0x4022, 0x1_0000_0001, .max].randomElement(
            using: &random)!
        }
        // Mostly such that a rule nearly fits.
        if random.next() % 2 == 0, let rule = rules.randomElement(using: &random) {
          call.number = rule.call.number
          for condition in rule.alternative.conditions where random.next() % 8 != 0 {
            call.arguments[condition.argument] &= ~condition.mask
            call.arguments[condition.argument] |= condition.value
          }
        }
        #expect(try filter.answer(to: call) == answer(of: rules, to: call), "\(call)")
      }
    }
  }

  @Test func aFilterIsTheSameEveryTime() {
    #expect(FilterProgram(everyRule).bytes == FilterProgram(everyRule).bytes)
    let names = SystemCallTable.hostFunctions.keys
    func plan(_ names: [String]) -> SandboxPlan {
      SandboxPlan(mode: .auto, hostFunctions: names, features: everyFeature, canHaveDirectories: true)
    }
    #expect(plan(names.sorted()) == plan(names.sorted().reversed()))
  }

  /// Comparisons that go on at one place whatever comes out double the ways: they are given up before what is known of
  /// them fills the memory.
  @Test func filtersOfTooManyWaysAreRefused() {
    let fork = FilterInstruction(code: FilterInstruction.jumpIfAtLeast, operand: 1)
    let instructions =
      [.load(.low(argument: 0))] + Array(repeating: fork, count: FilterProgram.longest - 2) + [
        .return(.allow)
      ]
    let error = #expect(throws: AppNoteError.self) {
      try FilterSummary(bytes: instructions.flatMap(\.bytes))
    }
    guard case .badFilter(_, let instruction)? = error else {
      Issue.record("\(error as Any)")
      return
    }
    #expect(instruction < 2000)
  }

  @Test func withoutDirectoriesPathsHaveNoCalls() {
    func plan(_ canHaveDirectories: Bool) -> SandboxPlan {
      SandboxPlan(
        mode: .auto, hostFunctions: ["path_open", "path_rename"], features: [],
        canHaveDirectories: canHaveDirectories)
    }
    #expect(plan(true).flags == 3)
    #expect(plan(false).flags == 0)
    #expect(plan(false).filter.instructions.count < plan(true).filter.instructions.count)
  }
}

// MARK: - In the kernel

/// Filters as the kernel understands them, in a small native program: runtime-c/test/filter.c.
@Suite(.enabled(if: Guest.compiler != nil, "no C compiler")) struct FilterInKernelTests {
  static let killed = 128 + 31  // SIGSYS

  private final class Caller: Sendable {
    let scratch: Scratch
    let program: FilePath

    init() async throws {
      scratch = try Scratch()
      program = scratch.path.appending("filter")
      let result = try await execute(
        try #require(Guest.compiler),
        [
          TestSupport.packageRoot.appending("runtime-c/test/filter.c").string, "-o", program.string,
        ], environment: TestSupport.environment)
      try #require(result.status == 0, "\(result.errors)")
    }

    /// The exit status of making the call under the filter.
    func make(_ call: String, _ filter: FilterProgram?) async throws -> Int {
      let file = scratch.path.appending("filter.bpf-\(UUID().uuidString)")
      if let filter { try Data(filter.bytes).write(to: URL(fileURLWithPath: file.string)) }
      return try await execute(program, [filter == nil ? "-" : file.string, call]).status
    }
  }

  @Test func helloWorldsFilter() async throws {
    let caller = try await Caller()
    let filter = SandboxPlan(
      mode: .auto, hostFunctions: ["fd_write"],
      features: [.faultHandlers, .growsInPlace(start: 0, size: 1 << 34)], canHaveDirectories: false
    ).filter
    for call in ["write_1", "write_2", "writev", "fcntl_getfl", "mprotect_low"] {
      #expect(try await caller.make(call, filter) == 0, "\(call)")
    }
    for call in [
      "read", "fstat", "fcntl_setfl_append", "lseek", "mmap_anonymous", "mprotect_high",
      "mprotect_low_executable", "openat", "clone3",
    ] {
      #expect(try await caller.make(call, filter) == Self.killed, "\(call)")
    }
  }

  @Test func whoWritesNothingHasStandardErrorForMessages() async throws {
    let caller = try await Caller()
    let filter = SandboxPlan(
      mode: .auto, hostFunctions: ["proc_exit"], features: [.faultHandlers], canHaveDirectories: false
    ).filter
    #expect(try await caller.make("write_2", filter) == 0)
    for call in ["write_1", "writev"] {
      #expect(try await caller.make(call, filter) == Self.killed, "\(call)")
    }
  }

  @Test func theFilterOfAnAppThatHasEverything() async throws {
    let caller = try await Caller()
    let filter = FilterProgram(everyRule)
    for call in [
      "write_1", "read", "fstat", "fcntl_setfl_append", "lseek", "ioctl_fionread", "mmap_anonymous",
      "mprotect_high", "openat", "clone3",
    ] {
      #expect(try await caller.make(call, filter) == 0, "\(call)")
    }
    for call in [
      "fcntl_setfl_async", "fcntl_setown", "fcntl_dupfd", "ioctl_tiocsti", "mmap_executable", "mmap_file",
      "mmap_fixed", "mprotect_executable", "mprotect_low_executable", "mremap_code", "mremap_fixed", "open",
      "execve",
      "execveat",
      "fork", "clone_process", "clone_namespace", "ptrace", "process_vm_readv", "process_vm_writev", "kill",
      "tgkill", "bpf", "io_uring_setup", "userfaultfd", "socket", "prctl", "seccomp", "sendto_address", "x32",
      "beyond",
    ] {
      #expect(try await caller.make(call, filter) == Self.killed, "\(call)")
    }
  }

  /// What glibc's pthread_create asks for, where the runtime is of glibc.
  @Test func threadsOfEitherCLibrary() async throws {
    let caller = try await Caller()
    let filter = SandboxPlan(
      mode: .auto, hostFunctions: ["thread-spawn"], features: [], canHaveDirectories: false
    ).filter
    for call in [
      "brk", "sched_getaffinity", "madvise_guard", "mmap_none", "mmap_none_hint", "mmap_stack",
      "mprotect_none", "sigaction_setxid", "clone3",
    ] {
      #expect(try await caller.make(call, filter) == 0, "\(call)")
    }
    for call in [
      "madvise_free", "sched_setaffinity", "mprotect_executable", "clone_process", "mmap_fixed", "mmap_grow",
      "sigaction_segv",
    ] {
      #expect(try await caller.make(call, filter) == Self.killed, "\(call)")
    }
  }

  /// Growth of a memory neither replaces what is there, nor makes more of the program's file executable.
  @Test func growthWithoutAReservation() async throws {
    let caller = try await Caller()
    let filter = SandboxPlan(
      mode: .auto, hostFunctions: [], features: [.growsByMapping(start: 1 << 46, size: 1 << 44)],
      canHaveDirectories: false
    ).filter
    #expect(try await caller.make("mmap_grow", filter) == 0)
    for call in [
      "mmap_grow_executable", "mmap_grow_elsewhere", "mmap_grow_over", "mmap_anonymous", "mremap_code",
      "mremap_fixed",
    ] {
      #expect(try await caller.make(call, filter) == Self.killed, "\(call)")
    }
  }

  @Test func theInterfaceOf32BitsIsRefused() async throws {
    let caller = try await Caller()
    // A kernel without that interface has nothing to refuse.
    guard try await caller.make("int80", nil) == 0 else { return }
    #expect(try await caller.make("int80", FilterProgram(everyRule)) == Self.killed)
  }
}
