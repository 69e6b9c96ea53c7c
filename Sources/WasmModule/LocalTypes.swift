/// The types of a function's parameters and locals, by index.
///
/// The first ones lie flat. Fifty thousand locals take six bytes to declare, and a module can do that in
/// every function: laying all of them out would take time out of proportion to the input, so those beyond
/// the size of the body are found by binary search in the declarations.
struct LocalTypes: ~Copyable {
  private(set) var count = 0
  private(set) var paramCount = 0
  /// Some local has a type without a default value: it must be set before it is read.
  private(set) var hasUndefaulted = false
  private var flat: UnsafeMutablePointer<ValType>
  private var flatCapacity = 64
  private var flatCount = 0
  private var flatLimit = 0
  /// Declarations beyond `flat`: the index behind each one's last local, and the type.
  private var runs: [(end: Int, type: ValType)] = []

  init() { flat = .allocate(capacity: flatCapacity) }

  deinit { flat.deallocate() }

  mutating func reset(params: TypeList, bodyBytes: Int) {
    runs.removeAll(keepingCapacity: true)
    flatLimit = max(params.count, min(bodyBytes, ImplementationLimits.functionLocals))
    if flatLimit > flatCapacity {
      flat.deallocate()
      flatCapacity = flatLimit
      flat = .allocate(capacity: flatCapacity)
    }
    flat.update(from: params.start, count: params.count)
    count = params.count
    paramCount = params.count
    hasUndefaulted = false
    flatCount = params.count
  }

  mutating func append(_ type: ValType, count added: Int) {
    let fits = min(added, flatLimit - flatCount)
    (flat + flatCount).update(repeating: type, count: fits)
    flatCount += fits
    count += added
    if added > 0 && !type.isDefaultable { hasUndefaulted = true }
    if fits < added { runs.append((end: count, type: type)) }
  }

  /// The type of a local, nil if there is none.
  @inline(__always)
  subscript(index: UInt32) -> ValType? {
    if Int(index) < flatCount { return flat[Int(index)] }
    return search(Int(index))
  }

  /// The type of a local that lies flat; nil for others.
  @inline(__always)
  func flat(_ index: Int) -> ValType? {
    index < flatCount ? flat[index] : nil
  }

  @inline(never)
  private func search(_ index: Int) -> ValType? {
    guard index < count else { return nil }
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].end <= index { low = middle + 1 } else { high = middle }
    }
    return runs[low].type
  }
}
