import Driver
import SystemPackage
import TestSupport
import Testing

/// The benchmarks' kernels, plain scalar C as clang -O3 makes WebAssembly of it: their loops must come out with vector
/// instructions, whatever is done for the sake of exact traps.
@Suite(.enabled(if: TestSupport.tool("clang-19") != nil, "no clang-19"))
struct VectorizationTests {
  /// Instructions of the loop's arithmetic that only a vectorised loop has.
  @Test(arguments: [
    ("gemm", "mulps"), ("saxpy", "mulps"), ("jacobi", "mulpd"), ("blur", "pmulld"), ("fir", "pmaddwd"),
  ])
  func kernelIsVectorized(kernel: String, instruction: String) async throws {
    let listing = try await TemporaryFolder.with { folder in
      let module = folder.appending("\(kernel).wasm")
      let source = TestSupport.packageRoot.appending("bench/kernels/\(kernel).c")
      let clang = try await TestSupport.run(
        #require(TestSupport.tool("clang-19")),
        ["--target=wasm32-wasi", "-O3", source.string, "-o", module.string])
      try #require(clang.status == 0, "\(clang.errorText)")
      var options = BuildOptions()
      options.emit = .asm
      let output = folder.appending("\(kernel).s")
      let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
      _ = try await builder.build(module.string, to: output.string)
      return try TestSupport.read(output)
    }
    #expect(String(decoding: listing, as: UTF8.self).contains("\t\(instruction)\t"))
  }
}
