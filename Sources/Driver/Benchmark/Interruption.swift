import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Signals that ask this process to end while it has programs running and files that nobody else removes.
///
/// They are noted, and whatever runs ends with an error that goes through all that tidies up.
public enum Interruption {
  private static let noted = Atomic<Int32>(0)

  /// The signal that arrived, if one did.
  public static var received: Int32? {
    let number = noted.load(ordering: .relaxed)
    return number == 0 ? nil : number
  }

  /// From now on signals are noted. Programs that this one starts end of them, as ever.
  public static func watch() {
    // Made here: a handler must not be the first to ask for it.
    noted.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { Interruption.noted.store($0, ordering: .relaxed) }
      // No SA_RESTART: what waits for a program must hear of it.
      sigaction(number, &action, nil)
    }
  }

  /// Ends this process as the signal would have.
  public static func end(by number: Int32) -> Never {
    signal(number, SIG_DFL)
    raise(number)
    exit(128 + number)
  }

  static func check() throws(Problem) {
    guard let received else { return }
    throw Problem("interrupted by signal \(received)")
  }
}
