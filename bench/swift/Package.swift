// swift-tools-version: 6.1
// Benchmarks of the compiler's own stages. A package of its own, so that nobody who uses wasmaot has to fetch what
// only measuring needs. docs/bench.md says how it is run.
import Foundation
import PackageDescription

/// Whoever imports LLVMBackend needs LLVM's headers: of the LLVM that ../../Package.swift chooses, the newest that is
/// installed or LLVM_CONFIG's.
func llvmIncludeDirectory() -> String {
  let versions = (19...22).reversed().map { "llvm-config-\($0)" }
  for config in ProcessInfo.processInfo.environment["LLVM_CONFIG"].map({ [$0] }) ?? versions + ["llvm-config"]
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [config, "--includedir"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { continue }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if process.terminationStatus == 0 {
      return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }
  return "/usr/include"
}

let package = Package(
  name: "wasmaot-benchmarks",
  dependencies: [
    .package(name: "wasmaot", path: "../.."),
    // Without traits: its counts of allocations need further packages.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "Compiler",
      dependencies: [
        .product(name: "Benchmark", package: "benchmark"),
        .product(name: "WasmaotCompiler", package: "wasmaot"),
      ],
      path: "Benchmarks/Compiler",
      swiftSettings: [.unsafeFlags(["-Xcc", "-I\(llvmIncludeDirectory())"])],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
