import IR
import Support
import Testing

@testable import LLVMBackend

@Suite struct MatrixTests {
  /// Every operator and shape lowers to IR that LLVM's verifier accepts before and after optimisation, and
  /// that instruction selection can select.
  @Test(arguments: [false, true], OptimizationLevel.allCases)
  func everyOperatorCompiles(constantOperands: Bool, level: OptimizationLevel) throws {
    let matrix = MatrixModule(constantOperands: constantOperands)
    var options = BackendOptions(entry: .invoke(exports(of: matrix.module)))
    options.level = level
    options.verify = true
    let result = try generateCode(for: matrix.module, options: options)
    #expect(result.units.count == 1)
    #expect(result.units[0].bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]))
    #expect(result.units[0].functionCount == matrix.module.bodies.defined.count)
  }

  @Test(arguments: ["x86-64-v3", "x86-64-v4"])
  func everyOperatorCompilesForCPU(cpu: String) throws {
    let matrix = MatrixModule(constantOperands: false)
    var options = BackendOptions(entry: .invoke(exports(of: matrix.module)))
    options.cpu = cpu
    options.verify = true
    #expect(try generateCode(for: matrix.module, options: options).requiredFeatures.contains("avx2"))
  }

  @Test(arguments: [OptimizationLevel.O0, .O2], [false, true])
  func everyOperatorCompilesWithExplicitChecks(level: OptimizationLevel, mitigatesSpectre: Bool) throws {
    let matrix = MatrixModule(constantOperands: false)
    var options = BackendOptions(entry: .invoke(exports(of: matrix.module)))
    options.level = level
    options.verify = true
    options.boundsChecks = .explicit
    options.mitigatesSpectre = mitigatesSpectre
    options.emission = .assembly
    let result = try generateCode(for: matrix.module, options: options)
    // Traps are calls.
    #expect(!String(decoding: result.units[0].bytes, as: UTF8.self).contains("ud1"))
  }

  private func exports(of module: IR.Module) -> [Export] {
    module.functions.ids.map { Export(name: ByteString("f\($0.rawValue)"), function: $0) }
  }
}
