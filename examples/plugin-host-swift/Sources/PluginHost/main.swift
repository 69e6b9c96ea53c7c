import CWasmaot
import Dispatch
import Glibc

extension Plugin {
  func shout(_ text: String) throws {
    try write(text)
    try call("shout", Int32(text.utf8.count))
  }

  /// Calls what may go wrong, and says how it ended.
  func attempt(_ name: String) {
    do {
      try call(name)
      print("\(name): returned")
    } catch {
      print("\(name): \(error)")
    }
  }
}

guard let engine = wasmaot_engine_new(nil) else { fatalError("out of memory") }
let plugin = try Plugin(engine: engine, library: "./plugin.so", name: "plugin", maximumMemory: 4 << 20)

try plugin.shout("hello, plugin")
plugin.attempt("trap")
DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(50), execute: plugin.interrupt)
plugin.attempt("loop")
plugin.attempt("exhaust")
try plugin.shout("still alive")
