import Driver
import Synchronization

/// One line on the terminal that says what a long build is doing. Nothing appears in the first second, and
/// nothing at all where standard error is no terminal.
final class Progress: Sendable {
  private struct State {
    var stage = Stage.read
    var isDrawn = false
    var isFinished = false
  }
  private let state = Mutex(State())
  private let name: String
  private let start = ContinuousClock.now

  init(name: String) { self.name = name }

  /// Runs `body`, which says where it is by calling its argument.
  func show<Result: Sendable>(
    while body: (@escaping @Sendable (Stage) -> Void) async throws(Problem) -> Result
  ) async throws(Problem) -> Result {
    guard terminal.isInteractive else { return try await body { _ in } }
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
    return try await body { [self] stage in state.withLock { $0.stage = stage } }
  }

  private func draw() {
    let elapsed = ContinuousClock.now - start
    guard elapsed >= .seconds(1) else { return }
    state.withLock { state in
      if state.isFinished { return }
      state.isDrawn = true
      terminal.writeError("\r\u{1B}[K\(name): \(state.stage.activity) … \(elapsed.components.seconds) s")
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
