import Testing

@testable import LLVMBackend
