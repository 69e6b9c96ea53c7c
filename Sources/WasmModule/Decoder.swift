struct Decoder {
  var module: Module
  let features: Features
  init(bytes: ModuleBytes, features: Features) {
    module = Module(bytes: bytes)
    self.features = features
  }
  mutating func decodeModule() throws(WasmError) -> Module {
    throw .malformed("decoder under construction", at: 0)
  }
}
