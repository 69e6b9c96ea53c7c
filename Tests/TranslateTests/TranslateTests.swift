import Testing

@testable import Translate
