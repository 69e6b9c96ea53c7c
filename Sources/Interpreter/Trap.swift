/// Why execution stopped. Raw values and words are the runtime's (`wasmaot_abi.h`, `trap_message.c`); a test compares.
public enum Trap: UInt8, Error, Hashable, Sendable, CaseIterable {
  case none = 0
  case unreachable, memoryOutOfBounds, tableOutOfBounds, undefinedElement, uninitializedElement
  case indirectCallTypeMismatch, integerDivideByZero, integerOverflow, invalidConversionToInteger,
    stackOverflow
  case nullReference, unalignedAtomic, unresolvedImport, expectedSharedMemory, outOfFuel, interrupted
  /// Not of the runtime: the process has no memory left for the interpreter's own data.
  case outOfMemory = 200
  /// Too many exceptions are referred to.
  case outOfExceptionMemory
  /// Not a trap: an exception that nobody caught, or what a host function threw.
  case exception, hostError

  public var message: String {
    switch self {
    case .none: "no trap"
    case .unreachable: "unreachable"
    case .memoryOutOfBounds: "out of bounds memory access"
    case .tableOutOfBounds: "out of bounds table access"
    case .undefinedElement: "undefined element"
    case .uninitializedElement: "uninitialized element"
    case .indirectCallTypeMismatch: "indirect call type mismatch"
    case .integerDivideByZero: "integer divide by zero"
    case .integerOverflow: "integer overflow"
    case .invalidConversionToInteger: "invalid conversion to integer"
    case .stackOverflow: "call stack exhausted"
    case .nullReference: "null reference"
    case .unalignedAtomic: "unaligned atomic"
    case .unresolvedImport: "unresolved import called"
    case .expectedSharedMemory: "expected shared memory"
    case .outOfFuel: "all fuel consumed by WebAssembly"
    case .interrupted: "interrupt"
    case .outOfMemory: "out of memory"
    case .outOfExceptionMemory: "out of memory for exceptions"
    case .exception: "uncaught exception"
    case .hostError: "error of the host"
    }
  }
}
