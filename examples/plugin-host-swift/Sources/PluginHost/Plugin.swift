import CWasmaot
import Glibc

/// A plugin in a store of its own. Not for use by several threads at a time.
final class Plugin {
  /// What a call of the plugin ended with.
  struct Failure: Error, CustomStringConvertible {
    var kind: wasmaot_error_kind
    var description: String

    /// Takes the error over.
    init(_ error: OpaquePointer) {
      kind = wasmaot_error_get_kind(error)
      description = String(cString: wasmaot_error_message(error))
      wasmaot_error_delete(error)
    }
    init(_ description: String) {
      kind = WASMAOT_ERROR_ARGUMENT
      self.description = description
    }
  }

  private let module: OpaquePointer
  private let store: OpaquePointer
  private var instance: OpaquePointer?
  private var memory: OpaquePointer?

  /// `library` is what `wasmaot build --emit=shared` wrote; `name`, its file's without extension.
  init(engine: OpaquePointer, library: String, name: String, maximumMemory: UInt64) throws {
    guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL), let code = dlsym(handle, name + "_wasm") else {
      throw Failure(String(cString: dlerror()))
    }
    var loaded: OpaquePointer?
    try check(wasmaot_module_load(engine, OpaquePointer(code), &loaded))
    module = loaded!
    // All 0, which is no limit; so it is for members that a newer header adds.
    var limits = wasmaot_store_config()
    limits.max_memory = maximumMemory
    store = wasmaot_store_new(engine, &limits)
    try instantiate()
  }

  deinit {
    wasmaot_store_delete(store)
    wasmaot_module_delete(module)
  }

  private func instantiate() throws {
    // The only thing that the plugin may call.
    var import_ = wasmaot_extern()
    import_.kind = WASMAOT_FUNC
    let kinds = [WASMAOT_I32, WASMAOT_I32]
    try kinds.withUnsafeBufferPointer { params in
      var type = wasmaot_functype(
        params: params.baseAddress, param_count: params.count, results: nil, result_count: 0)
      let me = Unmanaged.passUnretained(self).toOpaque()
      try check(
        wasmaot_func_new(
          store, &type,
          { me, _, arguments, _ in
            let plugin = Unmanaged<Plugin>.fromOpaque(me!).takeUnretainedValue()
            return plugin.log(
              at: UInt32(bitPattern: arguments![0].i32), size: UInt32(bitPattern: arguments![1].i32))
          }, me, nil, &import_.of.func))
    }
    try check(wasmaot_instance_new(store, module, &import_, 1, &instance))
    memory = try export("memory").of.memory
  }

  private func log(at address: UInt32, size: UInt32) -> OpaquePointer? {
    guard let text = wasmaot_memory_range(memory, UInt64(address), UInt64(size)) else {
      return wasmaot_error_new("log: not in the plugin's memory")
    }
    print(
      "plugin says: " + String(decoding: UnsafeRawBufferPointer(start: text, count: Int(size)), as: UTF8.self)
    )
    return nil
  }

  private func export(_ name: String) throws -> wasmaot_extern {
    var found = wasmaot_extern()
    guard wasmaot_instance_export(instance, name, name.utf8.count, &found) else {
      throw Failure("the plugin has no export '\(name)'")
    }
    return found
  }

  /// Calls an exported function of 32-bit integers.
  @discardableResult
  func call(_ name: String, _ arguments: Int32...) throws -> Int32? {
    let function = try export(name).of.func
    let values = arguments.map { argument in
      var value = wasmaot_val()
      value.i32 = argument
      return value
    }
    var result = wasmaot_val()
    let count = wasmaot_func_type(function).result_count
    guard count <= 1 else { throw Failure("'\(name)' has more than one result") }
    try check(wasmaot_func_call(function, values, values.count, &result, count))
    return count == 1 ? result.i32 : nil
  }

  /// Puts text where the plugin wants it.
  func write(_ text: String) throws {
    let address = UInt64(UInt32(bitPattern: try call("text") ?? 0))
    guard wasmaot_memory_write(memory, address, text, text.utf8.count) else {
      throw Failure("the plugin's buffer is not in its memory")
    }
  }

  /// Ends the call that is running. The only thing that another thread may do.
  var interrupt: @Sendable () -> Void {
    nonisolated(unsafe) let store = store
    return { wasmaot_store_interrupt(store) }
  }
}

private func check(_ error: OpaquePointer?) throws {
  if let error { throw Plugin.Failure(error) }
}
