import IR
import WasmModule
