import Support
import Testing

@testable import WasmModule

/// What users see of modules that are none, or need more than is supported.
@Suite struct ErrorTests {
  @Test func emptyFile() {
    let error = wasmError([])
    #expect(error?.kind == .notWasm)
    #expect(error?.detail == "the file is empty")
  }

  @Test(arguments: [
    ("(module)", "text format"), (";; comment", "text format"), ("\u{7F}ELF\u{1}\u{2}", "ELF"),
    ("#!/bin/sh\n", ""),
  ])
  func notWasm(text: String, detail: String) {
    let error = wasmError(Array(text.utf8))
    #expect(error?.kind == .notWasm)
    #expect(error?.message == "magic header not detected")
    #expect(detail.isEmpty || error?.detail.contains(detail) == true)
  }

  @Test func component() {
    let error = wasmError([0, 0x61, 0x73, 0x6D, 0x0D, 0, 1, 0])
    #expect(error?.kind == .component)
    #expect(error?.description.contains("component") == true)
  }

  @Test func wrongVersion() {
    let error = wasmError([0, 0x61, 0x73, 0x6D, 2, 0, 0, 0])
    #expect(error?.kind == .malformed)
    #expect(error?.message == "unknown binary version")
  }

  @Test func truncatedHeader() {
    for length in 1..<8 {
      #expect(wasmError(Array(ModuleWriter().bytes.prefix(length)))?.kind == .malformed)
    }
  }

  @Test func rendering() {
    // i32.add on an empty stack, in the second function.
    let error = wasmError(ModuleWriter.functions([[0, 0x0B], [0, 0x6A, 0x0B]]))
    #expect(error?.kind == .invalid)
    #expect(error?.function == FuncIdx(1))
    #expect(error?.section == .code)
    #expect(
      error?.description
        == "offset 0x1b, code section, function 1: type mismatch (expected i32, found an empty stack)")
  }

  /// A module that needs a feature which is not supported names it.
  @Test func unsupportedFeatures() {
    var gc = ModuleWriter()
    gc.section(.type, [1, 0x5F, 0])
    let cases: [([UInt8], Features)] = [
      (gc.bytes, .gc),
      // struct.new 0
      (ModuleWriter.functions([[0, 0xFB, 0x00, 0x00, 0x0B]]), .gc),
    ]
    for (bytes, feature) in cases {
      let error = wasmError(bytes)
      #expect(error?.kind == .unsupportedFeature(feature), "\(error as Any)")
      #expect(error?.message.contains("not supported") == true)
    }
  }

  @Test func disabledOperators() {
    let cases: [([UInt8], Features)] = [
      // i64.mul_wide_s
      (ModuleWriter.functions([[0, 0xFC, 0x15, 0x0B]]), .wideArithmetic),
      // f32x4.relaxed_min
      (ModuleWriter.functions([[0, 0xFD, 0x8D, 0x02, 0x0B]]), .relaxedSIMD),
      // i32.atomic.load
      (ModuleWriter.functions([[0, 0xFE, 0x10, 0x02, 0x00, 0x0B]]), .threads),
    ]
    for (bytes, feature) in cases {
      #expect {
        try decodeAndValidate(ModuleBytes(bytes), features: Features.supported.subtracting(feature))
      } throws: { ($0 as? WasmError)?.kind == .unsupportedFeature(feature) }
    }
  }

  /// Translation takes the width of an atomic access from its alignment.
  @Test func atomicAlignmentIsNatural() {
    var module = ModuleWriter()
    module.section(.type, [1, 0x60, 0, 0])
    module.section(.function, [1, 0])
    module.section(.memory, [1, 3, 1, 1])
    // i32.const 0; i32.atomic.load align=2; drop
    let body: [UInt8] = [0, 0x41, 0, 0xFE, 0x10, 0x01, 0x00, 0x1A, 0x0B]
    module.section(.code, [1, UInt8(body.count)] + body)
    let error = wasmError(module.bytes)
    #expect(error?.message == "atomic alignment must be natural")
  }

  /// Switched off by the caller: the same error.
  @Test func disabledFeature() {
    let bytes = ModuleBytes(ModuleWriter.functions([[0, 0x41, 0, 0xC0, 0x1A, 0x0B]]))  // i32.extend8_s
    #expect(throws: Never.self) { try decodeAndValidate(bytes) }
    #expect {
      try decodeAndValidate(bytes, features: Features.supported.subtracting(.signExtension))
    } throws: { ($0 as? WasmError)?.kind == .unsupportedFeature(.signExtension) }
  }

  @Test func featuresUsed() throws {
    // i32.const 0, i32.extend8_s, drop; v128.const, drop
    let body: [UInt8] =
      [0, 0x41, 0, 0xC0, 0x1A, 0xFD, 0x0C] + [UInt8](repeating: 0, count: 16) + [0x1A, 0x0B]
    let module = try decodeAndValidate(ModuleBytes(ModuleWriter.functions([body])))
    #expect(module.featuresUsed == [.signExtension, .simd])
    #expect(try decodeAndValidate(ModuleBytes(ModuleWriter.functions([[0, 0x0B]]))).featuresUsed == [])
  }

  /// The lowest error wins, however many threads look.
  @Test func sameErrorForAnyNumberOfJobs() {
    var bodies = [[UInt8]](repeating: [0] + [UInt8](repeating: 0x01, count: 2000) + [0x0B], count: 400)
    for index in [399, 397, 211, 210, 150] { bodies[index] = [0, 0x6A, 0x0B] }
    let bytes = ModuleWriter.functions(bodies)
    let serial = wasmError(bytes)
    #expect(serial?.function == FuncIdx(150))
    for jobs in [2, 3, 16] {
      for _ in 0..<10 { #expect(wasmError(bytes, jobs: jobs) == serial) }
    }
  }

  @Test func missingFile() {
    #expect(throws: FileError.self) { try ModuleBytes.map(path: "/nonexistent/module.wasm") }
    #expect(throws: FileError.self) { try ModuleBytes.map(path: "/") }
  }

  @Test func bytesThatAreWrittenInPlace() throws {
    let bytes = ModuleBytes(capacity: 8) { buffer in
      buffer.copyBytes(from: [1, 2, 3] as [UInt8])
      return 3
    }
    #expect(Array(bytes.buffer) == [1, 2, 3])
    #expect(throws: FileError.self) {
      try ModuleBytes(capacity: 8) { _ throws(FileError) in throw FileError(path: "module.wasm", errno: 5) }
    }
  }

  @Test func emptyAndSpecialFiles() throws {
    #expect(try ModuleBytes.map(path: "/dev/null").count == 0)
  }
}
