import CProcess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Signals that ask this process to end while it has programs running and files that nobody else removes.
///
/// They are noted, and whatever runs ends with an error that goes through all that tidies up.
public enum Interruption {
  /// The signal that arrived, if one did.
  public static var received: Int32? {
    let number = wasmaot_noted_signal()
    return number == 0 ? nil : number
  }

  /// From now on signals are noted. Programs that this one starts end of them, as ever.
  public static func watch() { wasmaot_watch_signals() }

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
