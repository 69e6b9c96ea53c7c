import Driver
import SystemPackage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Standard error, as far as people look at it.
struct Terminal: Sendable {
  /// Whether a line can be redrawn in place.
  let isInteractive: Bool
  let style: TerminalStyle

  init() {
    // https://no-color.org: any value that is not empty.
    let isPlain = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let isDumb = getenv("TERM").map { strcmp($0, "dumb") == 0 } ?? true
    isInteractive = isatty(STDERR_FILENO) == 1 && !isDumb
    style = TerminalStyle(usesColor: isInteractive && !isPlain)
  }

  func writeError(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = write(STDERR_FILENO, rest.baseAddress, rest.count)
        // Nobody is left to be told.
        if count <= 0 { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  func warn(_ text: String) { writeError("\(style.warning("warning:")) \(text)\n") }

  func fail(with problem: Problem) -> Never {
    writeError(problem.rendered(style))
    exit(problem.exitStatus)
  }
}

let terminal = Terminal()

/// Writes what a command prints to standard output. Whoever reads it must not take a part for the whole: that it can't be
/// written, because the disk is full, is an error.
func writeOutput(_ text: String) throws(Problem) {
  do {
    try FileDescriptor.standardOutput.writeAll(text.utf8)
  } catch {
    throw Problem("cannot write to standard output: \(error)")
  }
}
