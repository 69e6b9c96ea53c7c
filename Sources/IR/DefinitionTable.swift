import Support

/// A hash map from (block, variable) to a value: open addressing, 12 bytes an entry.
///
/// The hash is seeded per process, so that a module can't be made to collide; nothing iterates over the
/// table, so results do not depend on the seed.
struct DefinitionTable {
  private static let seed = UInt64.random(in: 0...UInt64.max)
  private static let empty = UInt64.max

  private var keys: [UInt64] = []
  private var values: [UInt32] = []
  private var count = 0

  private static func key(_ block: Block, _ variable: Variable) -> UInt64 {
    UInt64(block.rawValue) << 32 | UInt64(variable.rawValue)
  }

  /// Where `key` is, or the free place where it belongs.
  private func slot(_ key: UInt64) -> Int {
    let mask = keys.count - 1
    let product = (key ^ Self.seed).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    var index = Int(truncatingIfNeeded: product.high ^ product.low) & mask
    while keys[index] != key, keys[index] != Self.empty { index = (index + 1) & mask }
    return index
  }

  func get(_ block: Block, _ variable: Variable) -> Value {
    if count == 0 { return .none }
    let index = slot(Self.key(block, variable))
    return keys[index] == Self.empty ? .none : Value(rawValue: values[index])
  }

  mutating func set(_ block: Block, _ variable: Variable, _ value: Value) {
    if (count + 1) * 4 > keys.count * 3 { grow() }
    let key = Self.key(block, variable)
    let index = slot(key)
    if keys[index] == Self.empty {
      keys[index] = key
      count += 1
    }
    values[index] = value.rawValue
  }

  private mutating func grow() {
    let oldKeys = keys
    let oldValues = values
    let capacity = max(64, keys.count * 2)
    keys = Array(repeating: Self.empty, count: capacity)
    values = Array(repeating: 0, count: capacity)
    for (position, key) in oldKeys.enumerated() where key != Self.empty {
      let index = slot(key)
      keys[index] = key
      values[index] = oldValues[position]
    }
  }
}
