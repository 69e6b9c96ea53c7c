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
  init(packing bodies: inout PrimaryMap<FunctionID, Function?>, _ plan: CodegenPlan) {
    var state = State(bodies: Self.pack(&bodies, jobs: plan.options.jobs))
    for index in plan.units.indices {
      for id in plan.units[index] + plan.imports(ofUnit: index) { state.uses[id] += 1 }
    }
    self.state = Mutex(state)
  }

  /// Bodies that threads pack and let go, each its own.
  private struct SharedBodies: @unchecked Sendable {
    let base: UnsafeMutableBufferPointer<Function?>
  }

  private static func pack(_ bodies: inout PrimaryMap<FunctionID, Function?>, jobs: Int) -> [PackedFunction?]
  {
    var unpacked = bodies.values
    bodies = PrimaryMap()
    return unpacked.withUnsafeMutableBufferPointer { buffer in
      let shared = SharedBodies(base: buffer)
      return parallelMap(count: buffer.count, jobs: jobs) { index in
        defer { shared.base[index] = nil }
        return shared.base[index].map { PackedFunction($0) }
      }
    }
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
