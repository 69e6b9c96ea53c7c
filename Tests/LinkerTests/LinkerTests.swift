import Testing

@testable import Linker
