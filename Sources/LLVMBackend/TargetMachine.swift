internal import CLLVM
import IR

/// Loads LLVM and registers its targets, once in the process: before any other function of it is called.
func initializeLLVM() throws(BackendError) {
  if let problem = LLVMInfo.loadProblem { throw .noLLVM(problem) }
  _ = isInitialized
}
private let isInitialized: Bool = {
  cllvm_initialize()
  return true
}()

/// Optimises and emits units. Made, used and disposed of by one thread.
final class TargetMachine {
  private let machine: LLVMTargetMachineRef
  private let options: BackendOptions

  init(_ options: BackendOptions, _ instructionSet: InstructionSet) throws(BackendError) {
    self.options = options
    var target: LLVMTargetRef?
    var message: UnsafeMutablePointer<CChar>?
    guard LLVMGetTargetFromTriple(options.target.triple, &target, &message) == 0, let target else {
      throw .internalError(takeMessage(message))
    }
    let level =
      switch options.level {
      case .O0: LLVMCodeGenLevelNone
      case .O1: LLVMCodeGenLevelLess
      case .O2, .Os, .Oz: LLVMCodeGenLevelDefault
      case .O3: LLVMCodeGenLevelAggressive
      }
    let cpu =
      switch options.target.architecture {
      case .x86_64: "x86-64"
      }
    guard
      let machine = LLVMCreateTargetMachine(
        target, options.target.triple, cpu, instructionSet.featureString, level, LLVMRelocPIC,
        LLVMCodeModelSmall)
    else { throw .internalError("LLVM has no machine for \(options.target.triple)") }
    self.machine = machine
  }

  deinit { LLVMDisposeTargetMachine(machine) }

  /// Must come before any type's size is asked for.
  func prepare(_ unit: Unit) {
    let layout = LLVMCreateTargetDataLayout(machine)
    LLVMSetModuleDataLayout(unit.llvm, layout)
    LLVMDisposeTargetData(layout)
  }

  func optimize(_ unit: Unit) throws(BackendError) {
    let passOptions = LLVMCreatePassBuilderOptions()
    defer { LLVMDisposePassBuilderOptions(passOptions) }
    // LLVM decides by the level what it vectorises.
    let vectorizes = options.level == .O2 || options.level == .O3
    LLVMPassBuilderOptionsSetLoopInterleaving(passOptions, vectorizes ? 1 : 0)
    LLVMPassBuilderOptionsSetLoopUnrolling(passOptions, vectorizes ? 1 : 0)
    // What a producer's own -O2 left as calls is mostly left so: LLVM's 225 again makes Lua's code a fifth
    // larger and its build a third longer (decision 0127). -O3 asks for that.
    if options.level == .O2 { LLVMPassBuilderOptionsSetInlinerThreshold(passOptions, 20) }
    let pipeline = PassPipeline(options.level)
    try run(pipeline.first, passOptions, unit)
    if let second = pipeline.second {
      try unit.withSLPVectorizer { () throws(BackendError) in try run(second, passOptions, unit) }
    }
    unit.correctAfterPasses()
    if vectorizes { unit.shortenRecurrences() }
    if let error = unit.reportedError { throw .internalError(error) }
  }

  private func run(_ passes: String, _ options: LLVMPassBuilderOptionsRef?, _ unit: Unit) throws(BackendError)
  {
    guard let error = LLVMRunPasses(unit.llvm, passes, machine, options) else { return }
    let message = LLVMGetErrorMessage(error)!
    defer { LLVMDisposeErrorMessage(message) }
    throw .internalError(String(cString: message))
  }

  func emit(_ unit: Unit, _ emission: Emission) throws(BackendError) -> [UInt8] {
    prepare(unit)
    var buffer: LLVMMemoryBufferRef?
    switch emission {
    case .llvmIR: return Array(takeMessage(LLVMPrintModuleToString(unit.llvm)).utf8)
    case .bitcode: buffer = LLVMWriteBitcodeToMemoryBuffer(unit.llvm)
    case .object, .assembly:
      var message: UnsafeMutablePointer<CChar>?
      let kind = emission == .object ? LLVMObjectFile : LLVMAssemblyFile
      guard LLVMTargetMachineEmitToMemoryBuffer(machine, unit.llvm, kind, &message, &buffer) == 0 else {
        throw .internalError(takeMessage(message))
      }
    }
    defer { LLVMDisposeMemoryBuffer(buffer) }
    if let error = unit.reportedError { throw .internalError(error) }
    let start = UnsafeRawPointer(LLVMGetBufferStart(buffer))
    return Array(UnsafeRawBufferPointer(start: start, count: LLVMGetBufferSize(buffer)))
  }
}

extension Unit {
  func verify(_ after: String) throws(BackendError) {
    var message: UnsafeMutablePointer<CChar>?
    if LLVMVerifyModule(llvm, LLVMReturnStatusAction, &message) != 0 {
      throw .internalError("LLVM's verifier after \(after): \(takeMessage(message))")
    }
    LLVMDisposeMessage(message)
  }
}
