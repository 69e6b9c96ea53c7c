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

  /// As long as an argument says: clang unrolls these, and has another loop for the rest.
  @Test(arguments: [
    ("float", "y[i] += 0.5f * x[i]", "mulps"), ("int", "y[i] = x[i] * n", "pmulld"),
    ("unsigned char", "y[i] += x[i]", "paddb"), ("double", "y[i] = x[i] + y[i] * 3", "mulpd"),
  ])
  func loopOfAnyLengthIsVectorized(type: String, statement: String, instruction: String) async throws {
    try await TemporaryFolder.with { folder in
      let source = folder.appending("loop.c")
      let text = """
        \(type) a[4096], b[4096];
        __attribute__((noinline)) static void f(\(type) *y, const \(type) *x, int n) {
          for (int i = 0; i < n; i++) \(statement);
        }
        int main(int argc, char **argv) {
          f(a, b, argc * 100);
          return a[argc] > 1;
        }
        """
      try TestSupport.write(text.utf8, to: source)
      #expect(try await listing(of: source, in: folder, countsFuel: false).contains("\t\(instruction)\t"))
    }
  }

  private func listing(of kernel: String, countsFuel: Bool) async throws -> String {
    try await TemporaryFolder.with { folder in
      let source = TestSupport.packageRoot.appending("bench/suite/\(kernel).c")
      return try await listing(of: source, in: folder, countsFuel: countsFuel)
    }
  }

  private func listing(of source: FilePath, in folder: FilePath, countsFuel: Bool) async throws -> String {
    let module = folder.appending("module.wasm")
    let clang = try await TestSupport.run(
      #require(TestSupport.tool("clang-19")),
      ["--target=wasm32-wasi", "-O3", source.string, "-o", module.string])
    try #require(clang.status == 0, "\(clang.errorText)")
    var options = BuildOptions()
    options.emit = .asm
    options.countsFuel = countsFuel
    let output = folder.appending("module.s")
    let builder = Builder(options: options, jobs: 1, environment: TestSupport.environment)
    _ = try await builder.build(module.string, to: output.string)
    return String(decoding: try TestSupport.read(output), as: UTF8.self)
  }
}
