import Driver
import Synchronization

/// One line on the terminal that says what a long build is doing. Nothing appears in the first second, and
/// nothing at all where standard error is no terminal.
final class Progress: Sendable {
  private struct State {
    var module: String
    var stage = Stage.read
    var done = 0
    var isDrawn = false
    var isFinished = false
  }
  private let state: Mutex<State>
  /// Of several modules: how many.
  private let total: Int?
  private let start = ContinuousClock.now

  init(name: String) {
    state = Mutex(State(module: name))
    total = nil
  }

  init(of total: Int) {
    state = Mutex(State(module: ""))
    self.total = total
  }

  /// Runs `body`, which says where it is by calling its argument.
  func show<Result: Sendable>(
    while body: (@escaping @Sendable (Stage) -> Void) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    try await draw { () throws(Problem) in
      try await body { [self] stage in state.withLock { $0.stage = stage } }
    }
  }

  func show<Result: Sendable>(
    while body: (@escaping @Sendable (Batch.Event) -> Void) async -> Result
  ) async -> Result {
    await draw {
      await body { [self] event in
        state.withLock { state in
          switch event {
          case .stage(let module, let stage): (state.module, state.stage) = (module, stage)
          case .done(let count): state.done = max(state.done, count)
          }
        }
      }
    }
  }

  private func draw<Result: Sendable, E: Error>(
    while body: () async throws(E) -> Result
  ) async throws(E) -> Result {
    guard terminal.isInteractive else { return try await body() }
    // The build blocks the thread that it runs on: the line is redrawn by another.
    let ticker = Task.detached { [self] in
      while !Task.isCancelled {
        try await Task.sleep(for: .milliseconds(100))
        draw()
      }
    }
    defer {
      ticker.cancel()
      clear()
    }
    return try await body()
  }

  private func draw() {
    let elapsed = ContinuousClock.now - start
    guard elapsed >= .seconds(1) else { return }
    state.withLock { state in
      if state.isFinished { return }
      state.isDrawn = true
      let count = total.map { "[\(state.done)/\($0)] " } ?? ""
      terminal.writeError(
        "\r\u{1B}[K\(count)\(state.module): \(state.stage.activity) … \(elapsed.components.seconds) s")
    }
  }

  private func clear() {
    state.withLock { state in
      state.isFinished = true
      if state.isDrawn { terminal.writeError("\r\u{1B}[K") }
    }
  }
}

/// One line on the terminal that says what a long measurement is doing. It is drawn by whoever says so: another thread
/// would be measured, too.
final class ProgressLine {
  private var isDrawn = false

  func show(_ text: String) {
    guard terminal.isInteractive else { return }
    isDrawn = true
    terminal.writeError("\r\u{1B}[K\(text)")
  }

  func clear() {
    if isDrawn { terminal.writeError("\r\u{1B}[K") }
    isDrawn = false
  }
}
