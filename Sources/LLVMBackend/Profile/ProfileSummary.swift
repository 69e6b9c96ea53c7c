/// What LLVM asks of all counts of a program: which one is a hot one, which one is cold.
struct ProfileSummary: Sendable {
  /// The counts of which each is at least `least` are `partsPerMillion` of all that was counted.
  struct Cutoff: Sendable {
    var partsPerMillion: Int
    var least: UInt64
    /// How many they are.
    var number: Int
  }
  private(set) var cutoffs: [Cutoff] = []
  private(set) var total: UInt64 = 0
  private(set) var greatest: UInt64 = 0
  /// Of branches.
  private(set) var greatestInside: UInt64 = 0
  /// Of calls.
  private(set) var greatestEntry: UInt64 = 0
  private(set) var countNumber = 0
  private(set) var functionNumber = 0

  /// LLVM's own (`ProfileSummaryBuilder::DefaultCutoffs`): it looks for 990,000 and 999,999 among them.
  private static let partsPerMillion = [
    10_000, 100_000, 200_000, 300_000, 400_000, 500_000, 600_000, 700_000, 800_000, 900_000, 950_000, 990_000,
    999_000, 999_900, 999_990, 999_999,
  ]

  /// `counts` of the functions that are known.
  init(_ counts: [[UInt64]]) {
    var all: [UInt64] = []
    for function in counts {
      functionNumber += 1
      greatestEntry = max(greatestEntry, function[0])
      greatestInside = max(greatestInside, function.dropFirst().max() ?? 0)
      all += function
      for count in function { total = total.addingClamped(count) }
    }
    greatest = max(greatestEntry, greatestInside)
    countNumber = all.count
    all.sort(by: >)
    var sum: UInt64 = 0
    var number = 0
    for parts in Self.partsPerMillion {
      let (high, low) = total.multipliedFullWidth(by: UInt64(parts))
      let wanted = UInt64(1_000_000).dividingFullWidth((high, low)).quotient
      while sum < wanted, number < all.count {
        sum = sum.addingClamped(all[number])
        number += 1
      }
      cutoffs.append(
        Cutoff(partsPerMillion: parts, least: number > 0 ? all[number - 1] : 0, number: number))
    }
  }

  /// As LLVM has it: 99% of what was counted are counts of at least this.
  var hotCount: UInt64 { cutoffs.first { $0.partsPerMillion == 990_000 }?.least ?? .max }
}
