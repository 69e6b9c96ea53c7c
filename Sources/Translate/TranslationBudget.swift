import Synchronization

/// How far the IR of all functions together may grow out of proportion to the module's bytes.
///
/// Nearly all of wasm translates to IR in proportion to its bytes. The exceptions are operators that move as
/// many values as a type says, up to a thousand (`br_if`, 2 bytes, copies them all), and locals that live
/// through nested loops, of which every header has each as a parameter. Without a limit a module of 1 MB could
/// take a hundred gigabytes. Real modules spend less than one unit for each of their bytes.
///
/// One counter for all threads keeps the outcome independent of their number: it only grows, so that the
/// limit is passed in any order or in none.
final class TranslationBudget: Sendable {
  let limit: Int
  private let spent = Atomic<Int>(0)

  init(limit: Int) { self.limit = limit }

  convenience init(moduleSize: Int) { self.init(limit: 4 << 20 + 4 * moduleSize) }

  fileprivate func spend(_ count: Int) throws(TranslationError) {
    try check(spent.add(count, ordering: .relaxed).newValue)
  }

  /// Throws if one function alone takes more than all may.
  func check(_ count: Int) throws(TranslationError) {
    if count > limit { throw .tooLarge("the module's branches and calls pass more than \(limit) values") }
  }
}

/// One function's share: adds up, so that threads rarely meet.
struct LocalBudget {
  private let shared: TranslationBudget
  private var unsettled = 0

  init(_ shared: TranslationBudget) { self.shared = shared }

  /// Counts values that an operator copies because its type says so.
  mutating func spend(_ count: Int) throws(TranslationError) {
    unsettled += count
    if unsettled >= 1 << 16 { try settle() }
  }

  /// Counts the values that one operator made. A few are what its bytes pay for.
  @inline(__always)
  mutating func spendExcess(_ count: Int) throws(TranslationError) {
    if count > 8 { try spend(count) }
  }

  func check(_ count: Int) throws(TranslationError) { try shared.check(count) }

  mutating func settle() throws(TranslationError) {
    try shared.spend(unsettled)
    unsettled = 0
  }
}
