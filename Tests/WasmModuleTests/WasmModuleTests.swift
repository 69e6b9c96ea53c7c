import Testing

@testable import WasmModule
