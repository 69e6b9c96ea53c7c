import IR
import Support
import WasmModule

extension ModuleTranslator {
  mutating func translateBodies() throws(TranslationError) {
    throw .unsupported("function bodies are", .init())
  }
}
