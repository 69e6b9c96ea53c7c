import CProcess
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A command line that is run to be measured, with its standard streams in files.
struct MeasuredProcess {
  /// The first is the program's path.
  var arguments: [String]
  /// Nil: nothing to read.
  var input: String?
  /// Nil: thrown away.
  var output: FilePath?
  var errors: FilePath

  /// How a run went.
  struct Run {
    /// 128 + signal where a signal ended it, as a shell says it.
    var status: Int32
    /// From spawn to the end.
    var seconds: Double
  }

  /// Runs it to its end.
  func run() throws(Problem) -> Run {
    try withStreams { streams throws(Problem) in
      var actions = posix_spawn_file_actions_t()
      posix_spawn_file_actions_init(&actions)
      defer { posix_spawn_file_actions_destroy(&actions) }
      for (stream, file) in streams.enumerated() {
        posix_spawn_file_actions_adddup2(&actions, file, Int32(stream))
      }
      var child: pid_t = 0
      let clock = ContinuousClock()
      let start = clock.now
      let error = withCStrings(arguments) { posix_spawn(&child, $0[0]!, &actions, nil, $0, environ) }
      guard error == 0 else { throw cannotStart(error) }
      var status: Int32 = 0
      // A signal that ends this process ends what it measures.
      let failure = wasmaot_wait(child, &status)
      let seconds = (clock.now - start) / .seconds(1)
      try Interruption.check()
      guard failure == 0 else {
        throw Problem("cannot wait for \(arguments[0]): \(Errno(rawValue: failure))")
      }
      return Run(status: Self.shellStatus(status), seconds: seconds)
    }
  }

  /// What a run said about memory.
  enum Memory {
    /// The most that it had resident, in bytes.
    case peak(UInt64)
    /// Why that is not known.
    case unknown(String)
  }

  /// Runs it to its end, more slowly.
  func peakMemory() throws(Problem) -> Memory {
    try withStreams { streams throws(Problem) in
      var peak = wasmaot_peak()
      let error = withCStrings(arguments) { wasmaot_measure_peak($0, streams, &peak) }
      try Interruption.check()
      guard error != ENODATA else {
        return .unknown("another thread than its first ended it, which can't be seen")
      }
      guard error == 0 else {
        return .unknown("the system does not let it be traced: \(Errno(rawValue: error))")
      }
      let status = Self.shellStatus(peak.status)
      // What a program that failed has used is not what it needs.
      return status == 0
        ? .peak(peak.bytes) : .unknown("it ended with status \(status) while its memory was measured")
    }
  }

  private func withStreams<R>(_ body: ([Int32]) throws(Problem) -> R) throws(Problem) -> R {
    var files: [FileDescriptor] = []
    defer { for file in files { try? file.close() } }
    func open(_ path: FilePath, _ mode: FileDescriptor.AccessMode) throws(Problem) {
      do {
        files.append(
          mode == .readOnly
            ? try FileDescriptor.open(path, mode, options: .closeOnExec)
            : try FileDescriptor.open(
              path, mode, options: [.create, .truncate, .closeOnExec], permissions: [.ownerReadWrite]))
      } catch {
        throw mode == .readOnly
          ? .cannotRead(path.string, error) : .cannotWrite(path.string, error, option: "TMPDIR")
      }
    }
    try open(input.map { FilePath($0) } ?? "/dev/null", .readOnly)
    try open(output ?? "/dev/null", .writeOnly)
    try open(errors, .writeOnly)
    return try body(files.map(\.rawValue))
  }

  private func cannotStart(_ error: Int32) -> Problem {
    Problem(
      "cannot start \(arguments[0]): \(Errno(rawValue: error))",
      help: error == EACCES
        ? "set TMPDIR to a folder on a file system from which programs may be started" : nil)
  }

  private static func shellStatus(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }
}

/// Strings for C, with a null pointer at their end.
private func withCStrings<R>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
) -> R {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}
