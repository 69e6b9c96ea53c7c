import Synchronization

/// What the IR of all functions together may hold in lists.
///
/// Nearly all of wasm translates to IR in proportion to its bytes. The exceptions are operators that move as
/// many values as a type says, up to a thousand: `br_if`, 2 bytes, copies them all; and locals, of which every
/// loop may need every one as a parameter. Without a limit a module of 1 MB could take a hundred gigabytes.
/// Real modules spend less than one unit for each of their bytes.
///
/// One counter for all threads keeps the outcome independent of their number: it only grows, so that the
/// limit is passed in any order or in none.
final class TranslationBudget: Sendable {
  let limit: Int
  private let spent = Atomic<Int>(0)

  init(moduleSize: Int) { limit = 16 << 20 + 4 * moduleSize }

  fileprivate func spend(_ count: Int) throws(TranslationError) {
    if spent.add(count, ordering: .relaxed).newValue > limit {
      throw .tooLarge("the module's calls and branches pass more than \(limit) values")
    }
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

  mutating func settle() throws(TranslationError) {
    try shared.spend(unsettled)
    unsettled = 0
  }
}
