// swift-tools-version: 6.1
import Foundation
import PackageDescription

// MARK: - LLVM

/// Where LLVM is: what `llvm-config` says, found by LLVM_CONFIG, then by the versioned names, newest tested
/// first. LLVM 19 is the floor; what differs between versions is hidden in Sources/CLLVM.
struct LLVMInstallation {
  var config: String
  var major: Int
  var includeDirectory: String

  static let supported = 19...22

  static func find() -> LLVMInstallation {
    let environment = ProcessInfo.processInfo.environment
    let candidates =
      environment["LLVM_CONFIG"].map { [$0] }
      ?? supported.reversed().flatMap { ["llvm-config-\($0)", "/usr/lib/llvm-\($0)/bin/llvm-config"] }
      + ["llvm-config"]
    for candidate in candidates {
      guard let version = run(candidate, "--version"),
        let major = version.split(separator: ".").first.flatMap({ Int($0) }), supported.contains(major),
        let include = run(candidate, "--includedir"),
        FileManager.default.fileExists(atPath: include + "/llvm-c/Core.h")
      else { continue }
      return LLVMInstallation(config: candidate, major: major, includeDirectory: include)
    }
    let asked = environment["LLVM_CONFIG"].map { " LLVM_CONFIG is '\($0)', which is not one of these." } ?? ""
    FileHandle.standardError.write(
      Data(
        """
        error: wasmaot needs the development files of LLVM 19 to 22: apt-get install llvm-19-dev, or set \
        LLVM_CONFIG to an llvm-config.\(asked)\n
        """.utf8))
    exit(1)
  }

  private static func run(_ program: String, _ argument: String) -> String? {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, argument]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return nil }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }
}

let llvm = LLVMInstallation.find()
let llvmInclude = ["-I\(llvm.includeDirectory)"]
/// The interpreter's loop is fast only if its dispatch is copied behind every instruction; LLVM 19 and later have
/// limits against that (docs/decisions/0095).
#if compiler(>=6.3)
  let copiedDispatch: [SwiftSetting] = [
    .unsafeFlags(
      ["-tail-dup-pred-size=1000", "-tail-dup-succ-size=1000", "-tail-dup-size=12"].flatMap {
        ["-Xllvm", $0]
      },
      .when(configuration: .release))
  ]
#else
  let copiedDispatch: [SwiftSetting] = []
#endif
let llvmHeadersForSwift: [SwiftSetting] = [.unsafeFlags(llvmInclude.flatMap { ["-Xcc", $0] })]

// MARK: - Package

let package = Package(
  name: "wasmaot",
  products: [
    .executable(name: "wasmaot", targets: ["wasmaot"]),
    .library(name: "WasmaotDriver", targets: ["Driver"]),
    // The stages, for what measures them (bench/swift).
    .library(
      name: "WasmaotCompiler", targets: ["WasmModule", "IR", "Translate", "LLVMBackend", "Interpreter"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    .target(name: "Support"),
    .target(name: "WasmModule", dependencies: ["Support"], exclude: ["opcodes.table"]),
    .target(name: "IR", dependencies: ["Support"]),
    .target(name: "Translate", dependencies: ["Support", "WasmModule", "IR"]),
    .target(
      name: "Interpreter", dependencies: ["Support", "WasmModule"],
      exclude: ["semantics.table", "Execute.swift-template"], swiftSettings: copiedDispatch),
    .systemLibrary(name: "CRuntimeABI", path: "runtime-c/abi"),
    // The runtime's WASI, for the interpreter.
    .target(name: "CWASI", path: "runtime-c/wasi", cSettings: [.define("_GNU_SOURCE")]),
    // Loads libcurl at run time; only its headers are needed here.
    .target(name: "CCurl", cSettings: [.define("_GNU_SOURCE")], linkerSettings: [.linkedLibrary("dl")]),
    // Loads libLLVM when code is generated; only its headers are needed here.
    .target(
      name: "CLLVM",
      cSettings: [.unsafeFlags(llvmInclude), .define("_GNU_SOURCE")], linkerSettings: [.linkedLibrary("dl")]),
    .target(
      name: "LLVMBackend", dependencies: ["Support", "IR", "CLLVM", "CRuntimeABI"],
      swiftSettings: llvmHeadersForSwift),
    .target(
      name: "Linker",
      dependencies: [
        "Support", "CRuntimeABI",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .target(name: "BenchReport", dependencies: ["Support"]),
    .target(name: "CProcess", cSettings: [.define("_GNU_SOURCE")]),
    .target(
      name: "Driver",
      dependencies: [
        "Support", "WasmModule", "IR", "Translate", "LLVMBackend", "Linker", "Interpreter", "BenchReport",
        "CProcess", "CWASI", "CCurl", "CRuntimeABI",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: llvmHeadersForSwift),
    .executableTarget(
      name: "wasmaot",
      dependencies: [
        "BenchReport", "Driver", "Linker",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: llvmHeadersForSwift,
      // Keys of the cache tell two builds of one version apart by it.
      linkerSettings: [.unsafeFlags(["-Xlinker", "--build-id=sha1"])]),
    .executableTarget(
      name: "bench-report",
      dependencies: ["BenchReport", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "bench/report"),
    .testTarget(name: "SupportTests", dependencies: ["Support"]),
    .testTarget(name: "BenchReportTests", dependencies: ["BenchReport", "TestSupport"]),
    .testTarget(name: "WasmModuleTests", dependencies: ["WasmModule", "TestSupport"]),
    .testTarget(name: "IRTests", dependencies: ["IR", "TestSupport"]),
    .testTarget(name: "TranslateTests", dependencies: ["Translate", "WasmModule", "IR", "TestSupport"]),
    .testTarget(
      name: "LLVMBackendTests", dependencies: ["LLVMBackend", "IR", "CRuntimeABI", "TestSupport"],
      swiftSettings: llvmHeadersForSwift),
    .testTarget(name: "LinkerTests", dependencies: ["Linker", "TestSupport"]),
    .testTarget(
      name: "DriverTests", dependencies: ["BenchReport", "Driver", "Interpreter", "TestSupport"],
      swiftSettings: llvmHeadersForSwift),
    // Modules that are made at random, run by everything that can run them: scripts/fuzz.
    .target(
      name: "Fuzzing",
      dependencies: [
        "Driver", "Interpreter", "LLVMBackend", "Linker", "IR", "WasmModule", "Support", "TestSupport",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/Fuzzing", swiftSettings: llvmHeadersForSwift),
    .executableTarget(
      name: "wasmaot-fuzz",
      dependencies: [
        "Fuzzing", "TestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/FuzzCommand", swiftSettings: llvmHeadersForSwift),
    .testTarget(
      name: "FuzzTests", dependencies: ["Fuzzing", "IR", "TestSupport"], swiftSettings: llvmHeadersForSwift),
    // What every test target shares: where test data and tools are, bless switch, temporary folders.
    .target(
      name: "TestSupport",
      dependencies: [
        "Support", .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/TestSupport"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
