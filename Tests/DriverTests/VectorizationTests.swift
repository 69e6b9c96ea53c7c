import Driver
import SystemPackage
import TestSupport
import Testing

/// The benchmarks' kernels, plain scalar C as clang -O3 makes WebAssembly of it: their loops must come out with vector
/// instructions, whatever is done for the sake of exact traps.
@Suite(.enabled(if: TestSupport.tool("clang-19") != nil, "no clang-19"))
struct VectorizationTests {
  /// Also where fuel is counted: in functions whose accesses are checked for it.
  @Test(arguments: [("saxpy", "mulps"), ("jacobi", "mulpd")])
  func kernelThatCountsFuelIsVectorized(kernel: String, instruction: String) async throws {
    #expect(try await listing(of: kernel, countsFuel: true).contains("\t\(instruction)\t"))
  }

  /// Instructions of the loop's arithmetic that only a vectorised loop has.
  @Test(arguments: [
    ("gemm", "mulps"), ("saxpy", "mulps"), ("jacobi", "mulpd"), ("blur", "pmulld"), ("fir", "pmaddwd"),
  ])
  func kernelIsVectorized(kernel: String, instruction: String) async throws {
    #expect(try await listing(of: kernel, countsFuel: false).contains("\t\(instruction)\t"))
  }

  private func listing(of kernel: String, countsFuel: Bool) async throws -> String {
    try await TemporaryFolder.with { folder in
      let module = folder.appending("\(kernel).wasm")
      let source = TestSupport.packageRoot.appending("bench/suite/\(kernel).c")
      let clang = try await TestSupport.run(
        #require(TestSupport.tool("clang-19")),
        ["--target=wasm32-wasi", "-O3", source.string, "-o", module.string])
      try #require(clang.status == 0, "\(clang.errorText)")
      var options = BuildOptions()
      options.emit = .asm
      options.countsFuel = countsFuel
      let output = folder.appending("\(kernel).s")
      let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
      _ = try await builder.build(module.string, to: output.string)
      return String(decoding: try TestSupport.read(output), as: UTF8.self)
    }
  }
}
