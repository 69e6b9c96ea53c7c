import IR
import WasmModule

/// The branch hints of one function, handed out in the order of its operators.
struct BranchHints {
  private var remaining: ArraySlice<BranchHintSection.Hint>
  /// What the section's offsets count from.
  private let start: Int

  init(of function: FuncIdx, in context: ModuleContext) {
    remaining = context.branchHints.hints(of: function)
    start = context.module.functions[function].body.start
  }

  /// The hint for the branch at a byte offset of the module. Hints at other operators, and those in code that
  /// is not reached, are passed over.
  mutating func next(at offset: Int) -> BranchHint {
    guard !remaining.isEmpty else { return .none }
    while let first = remaining.first, start + Int(first.offset) < offset { remaining.removeFirst() }
    guard let first = remaining.first, start + Int(first.offset) == offset else { return .none }
    return first.isLikely ? .likely : .unlikely
  }
}
