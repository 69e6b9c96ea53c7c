import IR
import Support
import Synchronization

/// The bodies that units have yet to lower, packed: a body is let go when the last unit that lowers it has it, so that LLVM's
/// code takes the place of the IR, and not room beside it.
final class PendingBodies: Sendable {
  private struct State {
    var bodies: [PackedFunction?]
    /// Units that will still ask.
    var uses = SecondaryMap<FunctionID, Int>(default: 0)
  }
  private let state: Mutex<State>

  /// Leaves no bodies. Nobody else should hold them.
  init(taking bodies: inout Bodies, _ plan: CodegenPlan) {
    var state = State(bodies: bodies.takePacked().map { $0?.withoutSourceOffsets })
    for index in plan.units.indices {
      for id in plan.units[index] + plan.imports(ofUnit: index) { state.uses[id] += 1 }
    }
    self.state = Mutex(state)
  }

  /// Each unit that has the function asks once.
  func take(_ id: FunctionID) -> PackedFunction? {
    state.withLock { state in
      let body = state.bodies[id.index]
      state.uses[id] -= 1
      if state.uses[id] == 0 { state.bodies[id.index] = nil }
      return body
    }
  }
}
